# Seconds of the processor per fit by metafor, as fits.py has them: set 0, and the loop of the others.
suppressMessages(library(metafor))
rows <- read.csv(file("stdin"))
sets <- split(rows, rows$set)
fit <- function(one) rma(effect, variance, data = one, method = "REML", test = "knha")
whole <- function(one) {
  found <- fit(one)
  list(confint(found), predict(found))
}
cpu <- function(work) sum(system.time(work())[c("user.self", "sys.self")])
each <- function(work, times) median(replicate(3, cpu(function() for (i in 1:times) work()) / times))
found <- fit(sets[["0"]])
others <- sets[names(sets) != "0"]
cat(sprintf(
  '{"numbers": [%.12g, %.12g, %.12g], "fit": %.9g, "whole": %.9g, "loop": %.9g, "version": "%s"}\n',
  found$b[1], found$ci.lb, found$ci.ub,
  each(function() fit(sets[["0"]]), 50), each(function() whole(sets[["0"]]), 20),
  each(function() lapply(others, fit), 1) / length(others),
  paste0(packageVersion("metafor"))
))
