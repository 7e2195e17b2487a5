"""The chart of accounts that a new company has: a small part of BAS, of the kinds that matter here."""

from __future__ import annotations

from typing import Any

# number, description, VAT code; one account stands in the chart and is not in use
CHART = (
    (1220, "Inventarier och verktyg", ""),
    (1460, "Lager av handelsvaror", ""),
    (1510, "Kundfordringar", ""),
    (1519, "Nedskrivning av kundfordringar", ""),
    (1580, "Fordringar för kontokort och kuponger", ""),
    (1630, "Avräkning för skatter och avgifter", ""),
    (1686, "Fordringar på kortinlösare", ""),
    (1910, "Kassa", ""),
    (1920, "PlusGiro", ""),
    (1930, "Företagskonto", ""),
    (1940, "Övriga bankkonton", ""),
    (2081, "Aktiekapital", ""),
    (2091, "Balanserad vinst eller förlust", ""),
    (2421, "Ej inlösta presentkort", ""),
    (2440, "Leverantörsskulder", ""),
    (2611, "Utgående moms, 25 %", "U1"),
    (2621, "Utgående moms, 12 %", "U2"),
    (2631, "Utgående moms, 6 %", "U3"),
    (2641, "Ingående moms", "I"),
    (2650, "Redovisningskonto för moms", "R"),
    (3001, "Försäljning inom Sverige, 25 % moms", "MP1"),
    (3002, "Försäljning inom Sverige, 12 % moms", "MP2"),
    (3003, "Försäljning inom Sverige, 6 % moms", "MP3"),
    (3004, "Försäljning inom Sverige, momsfri", "MF"),
    (3041, "Försäljning av tjänster inom Sverige, 25 % moms", "MP1"),
    (3051, "Försäljning av varor inom Sverige, 25 % moms", "MP1"),
    (3105, "Försäljning av varor till land utanför EU", "E"),
    (3106, "Försäljning av varor till annat EU-land, momspliktig", ""),
    (3108, "Försäljning av varor till annat EU-land, momsfri", "VTEU"),
    (3520, "Fakturerade frakter", "MP1"),
    (3540, "Faktureringsavgifter", "MP1"),
    (3740, "Öres- och kronutjämning", ""),
    (4000, "Inköp av varor", ""),
    (4010, "Inköp av varor och material", ""),
    (5410, "Förbrukningsinventarier", ""),
    (6570, "Bankkostnader", ""),
    (8999, "Årets resultat", ""),
)
NOT_IN_USE = 1940

ACCOUNTS: tuple[dict[str, Any], ...] = tuple(
    {"Number": number, "Description": description, "VATCode": code, "Active": number != NOT_IN_USE}
    for number, description, code in CHART
)
