"""Arms as property tests draw them: sizes and scores that trials can have."""

from hypothesis import strategies as st

sizes = st.integers(min_value=3, max_value=500)
means = st.floats(min_value=-100, max_value=100)
sds = st.floats(min_value=0.1, max_value=50)
correlations = st.floats(min_value=-0.95, max_value=0.95)
effects = st.floats(min_value=-5, max_value=5)


@st.composite
def arms(draw):
    """Mean, SD and size of two arms."""
    one = (draw(means), draw(sds), draw(sizes))
    return (*one, draw(means), draw(sds), draw(sizes))


@st.composite
def tables(draw, smallest=0):
    """Events and sizes of two arms; with `smallest` 1 no cell is 0."""
    n_1 = draw(st.integers(min_value=2, max_value=300))
    n_2 = draw(st.integers(min_value=2, max_value=300))
    events_1 = draw(st.integers(min_value=smallest, max_value=n_1 - smallest))
    events_2 = draw(st.integers(min_value=smallest, max_value=n_2 - smallest))
    return events_1, n_1, events_2, n_2
