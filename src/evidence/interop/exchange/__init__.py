"""Tables of trial-level data for other tools: metafor, Metapsy, RevMan."""
