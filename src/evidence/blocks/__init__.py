"""Blocks that pages are made of: text, tables, figures and numbers, and what shows them."""
