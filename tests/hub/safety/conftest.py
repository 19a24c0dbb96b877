import pytest

from tests.hub.workflows.plans import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
