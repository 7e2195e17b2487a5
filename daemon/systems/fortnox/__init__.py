"""Fortnox, the books: customers and articles."""
