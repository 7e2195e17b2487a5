"""
Numbers that both sides change, fields that each side keeps, and what holds of any order of changes.
"""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.core import guard
from daemon.core.agreed import made_equal
from daemon.core.agreement import Agreement, Decides, FieldRule
from daemon.core.merge import UNSURE, ConflictState, merge
from daemon.core.plan import decide
from daemon.core.records import Seen, Side
from daemon.core.recover import applied
from daemon.core.steps import Bond, Tables, Unit, Update, overwrites
from daemon.systems.eskassa.mapping import STOCK as AT_TILL
from daemon.systems.fortnox.stock import STOCK as IN_FORTNOX

F, P = Side.FORTNOX, Side.PARTNER
OPEN = ConflictState.OPEN
ADDS = FieldRule(field="quantity", decides=Decides.NOBODY, adds=True)
FROZEN = FieldRule(field="quantity", decides=Decides.NOBODY, to=frozenset(), frozen=True)
START = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
AGREEMENT = Agreement(
    kind="stock",
    rules=(ADDS,),
    recognised_by=("number",),
    start=START,
    create={},
    ends=frozenset(Side),
)
TABLES = Tables(fortnox=IN_FORTNOX, partner=AT_TILL, today=START.date())
NONE = None  # nothing was ever agreed


def one(rule, base, ours, theirs, **more):
    agreed = {} if base is NONE else {"quantity": base}
    return merge(
        agreed, {"quantity": ours}, {"quantity": theirs}, (rule,), lambda _rule, a, b: a == b, **more
    )


def plain(merged):
    """Who is told what, and what is agreed then: by a write, or at once."""
    told = [(side, fields["quantity"]) for side, fields in merged.to.items()]
    return told, merged.then.get("quantity"), merged.alike.get("quantity")


# ------------------------------------------------------------------ one decision

ADDING = {
    # what happened:                          base    Fortnox till  told        agreed then  at once
    "nothing": ((9, 9), 9, 9, [], None, None),
    "the till sold two": ((9, 9), 9, 7, [(F, 7)], (7, 7), None),
    "Fortnox received one": ((9, 9), 10, 9, [(P, 10)], (10, 10), None),
    "nine, seven and ten are eight": ((9, 9), 10, 7, [(F, 8)], (7, 7), None),
    "and then the till is told": ((7, 7), 8, 7, [(P, 8)], (8, 8), None),
    "both sold two": ((10, 10), 8, 8, [(F, 6)], (8, 8), None),
    "both sold all": ((2, 2), 0, 0, [(F, -2)], (0, 0), None),
    "what one sold the other received": ((9, 9), 11, 7, [(F, 9)], (7, 7), None),
    "halves and quarters": ((250, 250), 325, 125, [(F, 200)], (125, 125), None),
    "below nothing": ((0, 0), 0, -3, [(F, -3)], (-3, -3), None),
    "never agreed: Fortnox is right": (NONE, 9, 4, [(P, 9)], (9, 9), None),
    "never agreed, alike": (NONE, 9, 9, [], None, (9, 9)),
    "the till has no number": ((9, 9), 9, None, [], None, None),
    "Fortnox has no number": ((9, 9), None, 9, [], None, None),
}


@pytest.mark.parametrize(("base", "ours", "theirs", "told", "then", "at_once"), ADDING.values(), ids=ADDING)
def test_one_number_that_both_sides_change(base, ours, theirs, told, then, at_once):
    """The till's change goes to Fortnox first; once it is taken into account the till is told the sum."""
    merged = one(ADDS, base, ours, theirs)
    assert (told, then, at_once) == plain(merged)
    assert () == merged.conflicts


UNCLEAR = {
    # what a person said:                       Fortnox till  chosen  told        agreed then  at once  listed
    "nothing yet, and they differ": (10, 7, None, [], None, None, [OPEN]),
    "nothing yet, and they are alike": (9, 9, None, [], None, None, [OPEN]),
    "Fortnox is right": (10, 7, F, [(P, 10)], (10, 10), None, []),
    "the till is right": (10, 7, P, [(F, 7)], (7, 7), None, []),
    "they are alike, and right": (9, 9, F, [], None, (9, 9), []),
}


@pytest.mark.parametrize(
    ("ours", "theirs", "chosen", "told", "then", "at_once", "listed"), UNCLEAR.values(), ids=UNCLEAR
)
def test_after_a_change_that_nobody_knows_was_applied(ours, theirs, chosen, told, then, at_once, listed):
    """Equal values are no agreement: it is open until a person chooses, and then that is agreed."""
    merged = one(ADDS, UNSURE, ours, theirs, resolved={"quantity": chosen} if chosen else None)
    assert (told, then, at_once) == plain(merged)
    assert listed == [conflict.state for conflict in merged.conflicts]


KEEPS = {
    # what happened:                                  base    Fortnox till  at once  listed
    "linked just now, alike": (NONE, 9, 9, (9, 9), []),
    "nothing changed": ((9, 9), 9, 9, None, []),
    "only one side shows it, and it stands": (("a", None), "a", None, None, []),
    "Fortnox changed": ((9, 9), 8, 9, None, [OPEN]),
    "the till changed": ((9, 9), 9, 8, None, [OPEN]),
    "both changed, alike": ((9, 9), 8, 8, None, [OPEN]),
}


@pytest.mark.parametrize(("base", "ours", "theirs", "at_once", "listed"), KEEPS.values(), ids=KEEPS)
def test_one_field_that_each_side_keeps(base, ours, theirs, at_once, listed):
    """Nothing is ever sent: a change on either side, once they are linked, waits for a person."""
    merged = one(FROZEN, base, ours, theirs)
    assert ([], None, at_once) == plain(merged)
    assert listed == [conflict.state for conflict in merged.conflicts]


def test_what_a_person_lets_stand_of_a_frozen_field_is_agreed():
    """Whichever side is said to be right, nothing is sent, and it is not asked again."""
    for chosen in Side:
        merged = one(FROZEN, (9, 9), 8, 9, resolved={"quantity": chosen})
        assert ([], None, (8, 9)) == plain(merged)
        assert [] == [*one(FROZEN, (8, 9), 8, 9).conflicts]


# ------------------------------------------------------------------ any order of changes and passes


def seen(quantity):
    return Seen(id="A", fields={"number": "A", "quantity": quantity})


class Shop:
    """Two numbers, what was last seen of each, and what is agreed: one article without engine or network."""

    def __init__(self, fortnox, till):
        self.has, self.shown = {F: fortnox, P: till}, {F: fortnox, P: till}
        self.agreed, self.total, self.written = {}, fortnox, 0

    def change(self, side, by):
        """Somebody sells or receives. What the till did before the two first agreed is not counted."""
        self.has[side] += by
        if self.agreed or side is F:
            self.total += by

    def run(self, sides, slips=()):
        """A pass that reads `sides`; during each write of the till's as much is sold as `slips` says."""
        slips = list(slips)
        for side in sides:
            self.shown[side] = self.has[side]
        for _ in range(4):
            decision, first = self.decided(), not self.agreed
            self.agreed |= decision.alike
            if first and self.agreed:  # what was sold since the till was read is a change of that
                self.total += self.has[P] - self.shown[P]
            if not decision.steps:
                return
            (step,) = decision.steps
            assert isinstance(step, Update)
            assert not overwrites(step) or "quantity" not in self.agreed
            if self.has[step.side] != self.shown[step.side]:  # read once more before a write
                self.shown[step.side] = self.has[step.side]
                continue
            self.write(step, slips.pop() if slips and step.side is P else 0)

    def decided(self):
        bond = Bond(fortnox_id="A", partner_id="A", agreed=self.agreed)
        unit = Unit(kind="stock", records={side: seen(self.shown[side]) for side in Side}, bond=bond)
        return decide(unit, AGREEMENT, TABLES)

    def write(self, step, sold):
        """Fortnox is set; the till is told a change, during which it may sell on."""
        by = step.fields["quantity"] - self.has[step.side]
        first = not self.agreed
        self.has[step.side] += by - sold
        self.shown[step.side] = self.has[step.side]
        self.agreed |= made_equal(step, seen(self.has[step.side]), TABLES, AGREEMENT)
        self.written += 1
        self.total -= 0 if first and step.side is F else sold

    def accounted(self):
        """What Fortnox has, and what the till did that Fortnox was not told of yet."""
        if not self.agreed:
            return self.has[F]
        return self.has[F] + self.has[P] - self.agreed["quantity"][1]


QUANTITIES = st.integers(-500, 500)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(Side), QUANTITIES),
        st.tuples(
            st.sampled_from(["pass"]),
            st.sampled_from([(F,), (P,), (F, P), (P, F), ()]),
            st.lists(st.integers(0, 3), max_size=2),
        ),
    ),
    max_size=12,
)


@example(fortnox=0, till=0, events=[(P, 1), ("pass", (F,), [])])
@given(fortnox=QUANTITIES, till=QUANTITIES, events=EVENTS)
def test_whatever_is_sold_and_received_and_whenever_both_sides_end_with_all_of_it(fortnox, till, events):
    """At every moment nothing is lost or counted twice; at rest both show the start and all changes."""
    shop = Shop(fortnox, till)
    for event in events:
        if event[0] == "pass":
            shop.run(*event[1:])
        else:
            shop.change(*event)
        assert shop.total == shop.accounted()
    shop.run((F, P))
    assert {F: shop.total, P: shop.total} == shop.has


@given(fortnox=QUANTITIES, till=QUANTITIES, sides=st.sampled_from([(F,), (P,), (F, P)]))
def test_a_pass_after_which_nothing_was_sold_writes_nothing(fortnox, till, sides):
    """At rest is at rest."""
    shop = Shop(fortnox, till)
    shop.run((F, P))
    written = shop.written
    shop.run(sides)
    assert written == shop.written


@given(base=QUANTITIES, ours=QUANTITIES, theirs=QUANTITIES)
def test_what_stands_tells_whether_a_change_took_effect_only_where_it_is_one_of_two(base, ours, theirs):
    """Where others changed it too nobody can tell: not by guessing which of them did."""
    step = Update(
        kind="stock",
        side=P,
        key="k",
        source_id="A",
        target_id="A",
        fields={"quantity": ours},
        was={"quantity": base},
        reason="",
        then={"quantity": (ours, ours)},
    )
    expected = True if theirs == ours else False if theirs == base else None
    assert expected is applied(step, {"quantity": theirs})


# ------------------------------------------------------------------ the guard


def steps_of(count, agreed):
    """As many articles as `count`, each sold one of at the till."""
    shops = []
    for _ in range(count):
        shop = Shop(10, 9)
        shop.agreed = agreed
        shops.append(shop)
    return [step for shop in shops for step in shop.decided().steps]


def test_a_busy_day_is_no_accident_and_a_first_comparison_of_many_is():
    """What adds to a number overwrites nothing; the first time Fortnox' number takes the place of another."""
    busy, first = steps_of(40, {"quantity": (10, 10)}), steps_of(40, {})
    assert () == guard.objections(busy, 40, guard.Limits())
    assert ("would overwrite 40 records at the partner side, the limit is 20",) == guard.objections(
        first, 40, guard.Limits()
    )
