"""A function in a file of the user's is an analysis like any other, and what is wrong with it is said where it is."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_thunder.analysis.own.model import OwnModel, model_class, model_names, own_model
from napari_thunder.analysis.own.model_file import read_model_file
from napari_thunder.errors import MissingMetadataError, ModelError, ParameterError
from napari_thunder.parameters import parameters, values
from tests.analysis.runner import compute, dataset, make_context


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a file of models."""

    def written(text: str, name: str = "my_model.py") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return written


BLOCK = """
    import numpy as np

    def late(block, lag: int = 3, scale: float = 1.0):
        'How like itself later.'
        c = block - block.mean(axis=0)
        return {"r": scale * (c[lag:] * c[:-lag]).sum(axis=0) / (c**2).sum(axis=0)}
"""


def expected(series: Any, lag: int = 3) -> Any:
    centred = series - series.mean(axis=0)
    return (centred[lag:] * centred[:-lag]).sum(axis=0) / (centred**2).sum(axis=0)


def test_a_function_of_a_block_gives_the_numbers_it_gives(write, tiny, series):
    found = compute(own_model(write(BLOCK), lag=4), tiny, series, slabs=3)
    np.testing.assert_allclose(found["r"], expected(series, 4), rtol=1e-12)


def test_a_function_of_one_voxel_is_recognised_and_gives_the_same(write, tiny, series):
    text = """
        def late(y, lag: int = 3):
            c = [float(v) for v in y - y.mean()]
            return {"r": sum(a * b for a, b in zip(c[lag:], c)) / sum(a * a for a in c), "two": [max(y), min(y)]}
    """
    found = compute(own_model(write(text)), tiny, series, slabs=3)
    np.testing.assert_allclose(found["r"], expected(series), rtol=1e-9)
    np.testing.assert_array_equal(found["two"], [series.max(axis=0), series.min(axis=0)])


@pytest.mark.parametrize(
    ("returned", "names"),
    [
        ("block.mean(axis=0)", {"f"}),
        ("block.mean(axis=0), block[:2]", {"f_1", "f_2"}),
        ("{'m': block.mean(axis=0).tolist()}", {"m"}),
        ("Both(block.mean(axis=0), block.max(axis=0))", {"mean", "top"}),
    ],
)
def test_maps_may_be_one_array_a_tuple_or_named(write, tiny, series, returned, names):
    text = f"""
        from collections import namedtuple
        Both = namedtuple("Both", "mean top")
        def f(block):
            return {returned}
    """
    assert set(compute(own_model(write(text)), tiny, series)) == names


def test_voxels_without_information_are_nan_and_never_come_to_the_function(write, tiny, series):
    text = """
        import numpy as np
        def f(block):
            assert np.isfinite(block).all() and (np.ptp(block, axis=0) > 0).all()
            return {"m": block.mean(axis=0), "k": block[:3]}
    """
    spoilt = series.copy()
    spoilt[:, 2], spoilt[5, 7] = 3.0, np.nan
    found = compute(own_model(write(text)), tiny, spoilt, slabs=12)
    assert set(np.flatnonzero(np.isnan(found["m"]))) == {2, 7}
    assert np.isnan(found["k"][:, [2, 7]]).all()


def test_events_signals_and_times_are_given_to_who_names_them(write, tiny, series):
    keep = np.ones(260, bool)
    keep[:60] = False
    context = make_context(
        260, keep, frame_times=tiny.frame_times, events=tiny.events, signals=tiny.signals, space=(1, 1, 12)
    )
    text = """
        import numpy as np
        def f(block, events, signals, frame_times):
            assert len(block) == len(signals) == len(frame_times) == 200
            assert list(signals) == ["swim", "tail"] and frame_times[0] == 30.0 and len(events) == 16
            swim = signals["swim"].to_numpy()
            return {"r": [np.corrcoef(swim, y)[0, 1] for y in block.T]}
    """
    found = compute(own_model(write(text)), context, series)
    swim = tiny.signals["swim"].to_numpy()[keep]
    np.testing.assert_allclose(found["r"], [np.corrcoef(swim, y)[0, 1] for y in series[keep].T])


def test_what_the_recording_lacks_is_said_before_anything_is_read(write):
    model = own_model(write("def f(block, events):\n    return block.mean(axis=0)\n"))
    with pytest.raises(MissingMetadataError, match="tiny: F needs events"):
        model.plan(make_context(10))


def test_the_signature_is_the_form(write):
    text = '''
        from typing import Literal
        def f(block, n: int = 3, x=0.5, on: bool = True, word="a", how: Literal["fast", "slow"] = "slow",
              low: float | None = None, freqs: tuple[float, ...] = (1.0, 2.0), names=("a", "b")):
            """One line.

            Parameters
            ----------
            n : int
                How many
                of them.
            x, on
                Two at once.
            """
            return block.mean(axis=0)
    '''
    cls = model_class(read_model_file(write(text)))
    found = {p.name: p for p in parameters(cls)}
    kinds = {name: p.kind for name, p in found.items()}
    assert kinds == {
        "n": "int", "x": "float", "on": "bool", "word": "str", "how": "str", "low": "float", "freqs": "numbers",
        "names": "list",
    }  # fmt: skip
    assert found["how"].choices == ("fast", "slow")
    assert found["low"].optional
    assert found["n"].help == "How many of them."
    assert found["on"].help == found["x"].help == "Two at once."
    assert cls.summary == "One line"
    assert cls.title == "F"


@pytest.mark.parametrize(
    "doc",
    [
        "Args:\n        lag (int): Frames\n            later.\n        scale: Times.\n\n    Returns:\n        A map.",
        ":param lag: Frames later.\n    :param float scale: Times.",
    ],
)
def test_help_is_found_in_other_styles_of_docstrings(write, doc):
    path = write(f'def f(block, lag=1, scale=2.0):\n    """Title.\n\n    {doc}\n    """\n    return block[0]\n')
    helps = {p.name: p.help for p in parameters(model_class(read_model_file(path)))}
    assert helps == {"lag": "Frames later.", "scale": "Times."}


def test_settings_may_be_text_and_are_checked(write):
    path = write(BLOCK)
    assert values(own_model(path, lag="5", scale="2")) == {"lag": 5, "scale": 2.0}
    with pytest.raises(ParameterError, match="lag='x' must be a whole number"):
        own_model(path, lag="x")
    with pytest.raises(ParameterError, match="no parameter 'lagg'"):
        own_model(path, lagg=1)


def test_of_several_functions_one_is_chosen_and_a_marked_one_is_meant(write):
    two = "def a(block):\n    return block[0]\n\ndef b(block):\n    return block[1]\n\ndef _c(x):\n    return x\n"
    path = write(two)
    assert model_names(read_model_file(path)) == ("a", "b")
    with pytest.raises(ModelError, match=r"several functions: a, b\. Say which"):
        own_model(path)
    assert own_model(path, "b").function == "b"
    with pytest.raises(ModelError, match=r"no function 'c'\. There is: a, b"):
        own_model(path, "c")
    assert (
        own_model(
            write("import napari_thunder as nt\n" + two.replace("def b", "@nt.model()\ndef b"), "other.py")
        ).function
        == "b"
    )


def test_units_colours_and_labels_may_be_said(write, tiny, series):
    text = """
        import napari_thunder as nt
        @nt.model(per="block", title="My model", units={"tau": "s"}, roles={"tau": "direction"},
                  labels={"beta": ["left", "right"]})
        def f(block):
            return {"tau": block[0], "beta": block[:2]}
    """
    model = own_model(write(text))
    result = dataset(model, tiny, series)
    assert model.title == "My model"
    assert result["tau"].attrs["role"] == "direction"
    assert list(result["beta_row"].values) == ["left", "right"]


WRONG = [
    ("return {'m': block.mean(axis=1)}", r"f: 'm' has the shape \(260,\) for a block of 7 voxels"),
    ("return {'m': block[:3].T}", r"'m' has the shape \(7, 3\) .* Is it transposed\? Give its \.T"),
    ("return {'m': 'a'}", "'m' must be numbers, not str"),
    ("return {'m': block[0] * 1j}", r"'m' is complex\. Give np\.abs and np\.angle"),
    ("return {'m': [[1, 2], [3]]}", "lists of different lengths"),
    ("return {3: block[0]}", "the maps it gives need texts for names, not 3"),
    ("return {'x': block[0]}", "a map cannot be called 'x'"),
    ("return {}", "what it gives back is empty"),
    ("return None", "it gives nothing back"),
]


@pytest.mark.parametrize(("body", "message"), WRONG)
def test_what_is_no_map_is_said_in_words(write, tiny, series, body, message):
    with pytest.raises(ModelError, match=message):
        compute(own_model(write(f"def f(block):\n    {body}\nf.per = 'block'\n")), tiny, series)


def test_other_maps_than_when_it_was_tried_are_refused(write, tiny, series):
    text = """
        def f(block):
            return {"m": block[0], **({} if block.shape[1] in (7, 3) else {"n": block[1]})}
        f.per = "block"
    """
    with pytest.raises(ModelError, match="it gave m, n now, but m when it was tried"):
        compute(own_model(write(text)), tiny, series)


def test_an_error_points_to_the_line_of_the_file(write, tiny, series):
    path = write("def helper(y):\n    return y / [][0]\n\ndef f(block, n=1):\n    a = 1\n    return helper(block)\n")
    with pytest.raises(ModelError) as caught:
        compute(own_model(path, "f"), tiny, series)
    assert str(caught.value) == f"{path}:2: IndexError: list index out of range\n    return y / [][0]"
    assert isinstance(caught.value.__cause__, IndexError)


def test_an_error_of_a_library_points_to_the_line_that_called_it(write, tiny, series):
    path = write("import numpy as np\ndef f(block):\n    return np.linalg.inv(block)\n")
    with pytest.raises(ModelError, match=r"my_model\.py:3: LinAlgError: .*\n    return np\.linalg\.inv\(block\)"):
        compute(own_model(path), tiny, series)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(block)\n    return 1\n", r"my_model\.py:1: not valid Python: expected ':'\n    def f\(block\)"),
        ("import no_such_module\n", r"my_model\.py:1: ModuleNotFoundError.*\n    import no_such.*\nThe Python that"),
        ("x = 1\n", r"my_model\.py: there is no function that could be a model\. Write one"),
        ("raise SystemExit(3)\n", r"my_model\.py:1: SystemExit: 3"),
        ("def f(block, n):\n    return block\n", "there is no function that could be a model"),
        ("def f(block, n={}):\n    return block\n", "there is no form for the parameter n. Say what it is, as in"),
        ("def f(block, *, title=''):\n    return block\n", "a parameter cannot be called 'title'"),
        ("def f(block, **more):\n    return block\n", r"\*more cannot be filled in"),
        ("def f(block):\n    return 1\nf.per = 'pixel'\n", "a model is per 'voxel' or per 'block'"),
    ],
)
def test_a_file_that_is_no_model_is_refused_in_words(write, text, message):
    with pytest.raises(ModelError, match=message):
        own_model(write(text))


def test_what_is_no_file_is_refused_in_words(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        own_model(tmp_path / "gone.py")
    with pytest.raises(ModelError, match=r"whose name ends in \.py"):
        own_model(tmp_path / "model.txt")


def test_a_function_that_means_two_things_must_be_told_apart(write, tiny, series):
    path = write("import numpy as np\ndef f(y):\n    return np.sort(y)[0]\n")
    with pytest.raises(ModelError, match=r'Say which is meant, below the function: f\.per = "block"'):
        compute(own_model(path), tiny, series)


def test_a_model_that_mixes_voxels_or_is_random_is_warned_of(write, tiny, series):
    mixing = own_model(write("def f(block):\n    return block.mean(axis=0) - block.mean()\nf.per = 'block'\n", "a.py"))
    assert "depends on which other voxels" in dataset(mixing, tiny, series).attrs["warnings"][0]
    text = "import numpy as np\ndef f(block):\n    return np.random.default_rng().normal(size=block.shape[1])\n"
    random = own_model(write(text + "f.per = 'block'\n", "b.py"))
    assert "does not give the same numbers" in dataset(random, tiny, series).attrs["warnings"][0]
    assert "warnings" not in dataset(own_model(write(BLOCK)), tiny, series).attrs


def test_the_same_text_is_run_once_and_a_changed_one_anew(write, tmp_path):
    counted = tmp_path / "count"
    count = f"with open({str(counted)!r}, 'a') as file:\n    file.write('x')\n"
    text = f"{count}def f(block, a=1):\n    return block[0]\n"
    path = write(text)
    first = own_model(path)
    assert type(own_model(path, a=2)) is type(first)
    assert counted.read_text() == "x"
    write(text.replace("a=1", "a=3"))
    assert values(own_model(path)) == {"a": 3}
    assert isinstance(first, OwnModel)


def test_a_file_may_import_its_neighbours_and_hold_dataclasses(write, tiny, series):
    write("def double(y):\n    return 2 * y\n", "neighbour_of_model.py")
    text = """
        from __future__ import annotations
        from dataclasses import dataclass
        from neighbour_of_model import double
        @dataclass
        class Settings:
            n: int = 1
        def f(block, n: int = 2):
            return double(block.mean(axis=0)) * Settings().n
    """
    found = compute(own_model(write(text)), tiny, series)
    np.testing.assert_allclose(found["f"], 2 * series.mean(axis=0))
