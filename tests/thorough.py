"""Which parameters of a test a desk runs; ./cafe test all runs all of them."""
import pytest


def at_desk(usual, values):
    """The values; those that are not usual are marked as thorough."""
    return [value if value in usual else
            pytest.param(value, marks=pytest.mark.thorough) for value in values]
