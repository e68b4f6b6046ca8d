"""What may not leave this machine is a param that there is, and all others are shown."""

from stages.common import params, shown


def test_all_but_somebody_s_address_is_shown():
    keys = params.known_keys()
    assert keys - shown.public(dict.fromkeys(keys)).keys() == shown.PRIVATE == {"scrape.contact"}
