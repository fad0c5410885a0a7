"""Random examples: the same ones on every run of the tests, new ones on a search.

`make search` looks for examples that fail; each one found becomes an explicit `example` of its
test, so that the tests keep it. No deadline: how long an example takes depends on the machine.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search",
    settings.get_profile("same"),
    derandomize=False,
    max_examples=1_000,
    print_blob=True,
)
settings.load_profile("same")
