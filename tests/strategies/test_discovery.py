"""Strategies are found by their files, and a file that is wrong is named in one line."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ConfigurationError, InputError
from strategies import envelope_dca
from strategies.discovery import discover, find

EXAMPLE = Path(__file__).parents[2] / "examples" / "sma_cross.py"
HOUSE = {"envelope_dca", "envelope_dca_short"}


def written(folder: Path, name: str = "mine.py", **changes: str) -> Path:
    """A strategy file of the user's, with text replaced."""
    text = EXAMPLE.read_text().replace('"sma_cross"', '"mine"')
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text)
    return path


def refused(path: Path) -> str:
    """What discovery says of the file's folder; the file is named and the line is one."""
    with pytest.raises(InputError) as caught:
        discover([path.parent])
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_the_house_is_found_without_a_list() -> None:
    found = discover()
    assert set(found) >= HOUSE
    assert list(found) == sorted(found)  # by file, of which each has one
    for name, strategy in found.items():
        assert strategy.name == name


def test_a_file_in_a_users_folder_is_found(tmp_path: Path) -> None:
    written(tmp_path)
    found = discover([tmp_path])
    assert list(found)[-1] == "mine"
    assert found["mine"].Params().model_dump() == {"fast": 20, "slow": 50, "stop_fraction": 0.05}
    assert find("mine", [tmp_path]).timeframe == "1h"


def test_a_single_file_may_be_named(tmp_path: Path) -> None:
    assert "mine" in discover([written(tmp_path)])


def test_what_a_user_file_imports_is_not_a_strategy_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("from strategies.envelope_dca import EnvelopeDca\nAgain = EnvelopeDca\n")
    assert set(discover([tmp_path])) == set(discover())


def test_a_second_name_for_a_class_is_the_same_strategy(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text() + "\n\nAlias = SmaCross\n")
    assert "mine" in discover([tmp_path])


def test_two_strategies_may_stand_in_one_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text() + "\n\nclass Other(SmaCross):\n    name: ClassVar[str] = 'other'\n")
    assert {"mine", "other"} <= set(discover([tmp_path]))


def test_private_files_and_classes_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "_draft.py").write_text("1 / 0")
    (tmp_path / "notes.txt").write_text("1 / 0")
    written(tmp_path, **{"class SmaCross(": "class _SmaCross("})
    assert set(discover([tmp_path])) == set(discover())


def test_a_folder_that_is_named_twice_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert "mine" in discover([tmp_path, ".", path, Path("mine.py")])


def test_a_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # the same length, within the same second
    written(tmp_path)
    discover([tmp_path])
    written(tmp_path, **{"Field(20, ": "Field(21, "})
    assert discover([tmp_path])["mine"].Params().model_dump()["fast"] == 21


def test_strategies_of_the_house_can_be_sent_to_another_process() -> None:
    assert isinstance(pickle.loads(pickle.dumps(discover()["envelope_dca"])), envelope_dca.EnvelopeDca)


NUMPY, NAME = "import numpy as np", '    name: ClassVar[str] = "mine"\n'
SAYS = "class SmaCross"
WRONG = [
    ({NUMPY: f"{NUMPY}\nimport numpi"}, "cannot be loaded: ModuleNotFoundError: No module"),
    ({NUMPY: "import numpy as"}, "cannot be loaded: SyntaxError: "),
    ({NUMPY: f"{NUMPY}\nraise RuntimeError('two\\nlines')"}, "cannot be loaded: RuntimeError: two"),
    ({NAME: ""}, f"{SAYS} does not say its name"),
    ({NAME: "    name = 5\n"}, f"{SAYS} does not say its name"),
    ({NAME: "    name = ''\n"}, f"{SAYS} does not say its name"),
    ({'    timeframe: ClassVar[str] = "1h"\n': ""}, f"{SAYS} does not say its timeframe"),
    ({'ClassVar[str] = "1h"': 'ClassVar[str] = "7m"'}, f"{SAYS}: timeframe '7m': does not divide a day"),
    ({"Field(20, ge": "Field(1, ge"}, f"{SAYS}: default of Params.fast: Input should be greater than or equal to 2"),
    ({"Field(20, ge": "Field(ge"}, f"{SAYS}: default of Params.fast: Field required"),
    ({"Field(20, ge": "Field('x', ge"}, f"{SAYS}: default of Params.fast: Input should be a valid integer"),
    ({"] = SmaCrossParams": "] = dict"}, f"{SAYS}: Params is not a class of Parameters"),
    ({"    def warmup": "    def __init__(self, x): ...\n\n    def warmup"}, f"{SAYS}: SmaCross.__init__() missing"),
]


@pytest.mark.parametrize(("changes", "complaint"), WRONG, ids=[c[:60] for _, c in WRONG])
def test_a_wrong_file_is_named_in_one_line(changes: dict[str, str], complaint: str, tmp_path: Path) -> None:
    assert refused(written(tmp_path, **changes)).startswith(complaint)


def test_a_wrong_file_is_wrong_again_the_next_time(tmp_path: Path) -> None:
    path = written(tmp_path, **{"import numpy as np": "1 / 0"})
    assert refused(path) == refused(path) == "cannot be loaded: ZeroDivisionError: division by zero"


def test_a_name_that_exists_already_is_refused(tmp_path: Path) -> None:
    first, second = written(tmp_path, "a.py"), written(tmp_path, "b.py")
    assert refused(second) == f"strategy 'mine' exists already in {first}"


def test_a_name_of_the_house_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, **{'"mine"': '"envelope_dca"'})
    assert refused(path).startswith("strategy 'envelope_dca' exists already in ")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"strategies.yaml: folders = '.*nowhere': allowed is a folder"):
        discover([tmp_path / "nowhere"])


def test_an_unknown_name_lists_the_known_ones() -> None:
    known = ", ".join(sorted(discover()))
    assert "envelope_dca, envelope_dca_short, " in known
    with pytest.raises(InputError, match=f"^strategy 'envelope' is unknown; known are {known}$"):
        find("envelope")


def test_one_strategy_is_found_without_loading_the_others() -> None:
    looking = (
        "import sys; from strategies.discovery import find; assert find('envelope_dca').name == 'envelope_dca';"
        "print(*(m for m in sys.modules if m.startswith('strategies.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", looking], capture_output=True, text=True, check=True).stdout.split()
    assert {"strategies.discovery", "strategies.envelope_dca"} <= set(loaded)
    assert not {"strategies.momentum", "strategies.supertrend"} & set(loaded)


def test_a_name_that_code_puts_together_is_found(tmp_path: Path) -> None:
    written(tmp_path, **{'"mine"': '"mi" + "ne"'})
    assert find("mine", [tmp_path]).name == "mine"
