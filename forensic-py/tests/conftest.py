"""What the tests share: media built here, and the corpus where there is one."""

import os
import pathlib

import media
import pytest

import forensic


@pytest.fixture(scope="session")
def image() -> bytes:
    return media.gpt(media.fat16())


@pytest.fixture(scope="session")
def image_path(image, tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("media") / "story.img"
    path.write_bytes(image)
    return path


@pytest.fixture
def filesystem(image):
    return forensic.open(image).filesystems()[0]


@pytest.fixture(scope="session")
def corpus() -> pathlib.Path:
    beside_the_repository = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
    root = pathlib.Path(os.environ.get("FORENSIC_CORPUS", beside_the_repository))
    if not (root / "images").is_dir():
        pytest.skip("no images: FORENSIC_CORPUS names no folder that has them")
    return root
