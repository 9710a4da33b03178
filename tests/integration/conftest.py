import pytest

import harness


@pytest.fixture
def build_house(tmp_path):
    """Makes an installation without starting it; whatever the test starts of it ends with the test."""
    houses = []

    def build(**kw):
        directory = tmp_path / f"house-{len(houses)}"
        directory.mkdir()
        houses.append(harness.House(directory, **kw))
        return houses[-1]

    yield build
    for house in houses:
        house.stop()


@pytest.fixture
def open_house(build_house):
    """Makes an installation and starts it: Redis, carrier, registers, gateways."""
    return lambda **kw: build_house(**kw).start()


@pytest.fixture
def house(open_house):
    """The example as it is shipped, running."""
    return open_house()
