"""The data package: read, checked, traced to its sources, and written whole."""
