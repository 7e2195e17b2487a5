"""Fortnox, the books: one company's customers, articles, documents, vouchers and stock."""
