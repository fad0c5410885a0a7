"""Labels of studies: one style, and one key for two spellings."""

import pytest

from evidence.data.labels import read_label, slug


@pytest.mark.parametrize(
    ("text", "shown", "key"),
    [
        ("Diamond, 2002", "Diamond 2002", "diamond_2002"),
        ("Diamond 2010", "Diamond 2010", "diamond_2010"),
        ("Challacombe,2017", "Challacombe 2017", "challacombe_2017"),
        ("Johansen et al. (2022)", "Johansen et al. 2022", "johansen_2022"),
        ("Kovac & Lilian (2000).", "Kovac & Lilian 2000", "kovac_2000"),
        ("Löbner, 2018b", "Löbner 2018b", "lobner_2018b"),
        ("Van der Houwen et al. (2010)", "Van der Houwen et al. 2010", "van_der_houwen_2010"),
        ("Wagner et al. (2006, 2007)", "Wagner et al. 2006, 2007", "wagner_2006_2007"),
        ("Sikkema, 2004/2006a", "Sikkema 2004/2006a", "sikkema_2004_2006a"),
        ("unpublished", "unpublished", "unpublished_"),
    ],
)
def test_styles(text: str, shown: str, key: str) -> None:
    assert read_label(text).text == shown
    assert read_label(text).key == key


def test_slugs_have_letters_digits_and_underscores() -> None:
    assert slug("  Strauß & Sørensen – BDI-II  ") == "strauss_sorensen_bdi_ii"
    assert slug("中文") == "not_named"
