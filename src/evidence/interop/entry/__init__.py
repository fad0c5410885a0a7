"""Entry of a new trial: from a file with the numbers of an abstract to rows of the data package."""
