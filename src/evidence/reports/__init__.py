"""Reports: the catalog, the build, the pages."""
