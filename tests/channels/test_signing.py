"""Signatures follow the Standard Webhooks scheme."""

import pytest

from channels.signing import new_secret, signed_headers
from runtime.setting_values import signing_key


def test_the_example_of_the_specification() -> None:
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_several_secrets_sign_each_so_that_one_can_be_exchanged() -> None:
    old, new = signing_key(new_secret()), signing_key(new_secret())
    both = signed_headers([new, old], "msg_1", 1, b"{}")["webhook-signature"].split(" ")
    assert both == [signed_headers([key], "msg_1", 1, b"{}")["webhook-signature"] for key in (new, old)]


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_QQ=="]
)
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        signing_key(secret)
