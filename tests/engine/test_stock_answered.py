"""
A change of a stock that the tills have confirmed is never made twice.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from daemon.errors import RemoteError
from daemon.sandbox.faults import Fault
from tests.rows.acts import sync_at_rest
from tests.shop import Shop


@pytest.mark.row("K7")
async def test_a_stock_write_that_was_answered_took_effect_whatever_is_sold_since(tmp_path):
    """
    It could not be read back, as many were sold meanwhile as it had added, and the question goes unanswered.
    """
    shop = Shop(tmp_path, "articles")
    shop.people.new_article(
        ArticleNumber="A",
        Description="Kaffe",
        EAN="7310000000017",
        price=8,
        StockGoods=True,
        QuantityInStock=20,
    )
    async with shop.running():
        await sync_at_rest(shop)
        assert (20, 20) == shop.stock("A")
        shop.people.act("fortnox", "move_stock", article="A", by=2)
        shop.watch = cut_off_after_the_stock_call(shop)
        with suppress(RemoteError):
            await shop.sync()
        shop.world.faults.clear()
        shop.watch = lambda _step: None
        assert (22, 22) == shop.stock("A")
        shop.till("sell", items=[{"product_code": "A", "quantity": 2}], payment="card")
        shop.wait(minutes=30)
        shop.world.faults.add(Fault(fault="lost_before", system="eskassa", method="POST"))
        for _ in range(3):
            with suppress(RemoteError):
                await shop.sync()
            shop.wait(minutes=30)
        await sync_at_rest(shop)
    assert (20, 20) == shop.stock("A")


def cut_off_after_the_stock_call(shop):
    """Once the tills have answered a stock call, they answer nothing more."""

    def watch(step):
        if step == "answer" and shop.requests("eskassa")[-1:] and is_stock_call(shop.requests("eskassa")[-1]):
            shop.world.faults.add(Fault(fault="status", status=503, system="eskassa", count=None))

    return watch


def is_stock_call(request):
    return request["method"] == "POST" and "/inventoryitem/" in request["path"]
