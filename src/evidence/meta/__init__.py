"""Meta-analysis: effect sizes, pooling, and what follows, of any table of studies."""
