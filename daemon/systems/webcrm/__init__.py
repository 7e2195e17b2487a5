"""webCRM, the sales side: organisations and the article catalogue."""
