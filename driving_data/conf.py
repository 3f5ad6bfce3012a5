"""Where the shipped configuration lies: beside the packages in a checkout, inside them in a wheel."""

from pathlib import Path

from driving_data.errors import RoadloomError


def conf_directory() -> Path:
    """The folder of the Hydra groups.

    Raises:
        RoadloomError: the installation is incomplete.
    """
    packages = Path(__file__).resolve().parent.parent
    for place in (packages / "scenarios" / "_conf", packages / "conf"):
        if (place / "config.yaml").is_file():
            return place
    raise RoadloomError(f"the configuration is missing below {packages}; install roadloom again")
