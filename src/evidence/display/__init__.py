"""What readers see: words, tables, figures, and the one function that shows them."""
