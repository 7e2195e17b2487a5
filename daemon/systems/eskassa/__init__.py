"""ES Kassasystem (dinkassa.se), the till: articles, stock, Z-reports, customers, sales on invoice."""
