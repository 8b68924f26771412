"""Where repos.yaml is looked for."""

from pathlib import Path

from tgl_client.settings.project_file import find_project_file


def test_the_file_is_looked_for_up_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").touch()
    inner = tmp_path / "repository" / "src"
    inner.mkdir(parents=True)
    assert find_project_file(inner) == tmp_path / "repos.yaml"
    (tmp_path / "repository" / ".git").mkdir()
    assert find_project_file(inner) is None
