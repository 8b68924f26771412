"""Exit codes of several repositories."""

from tgl_client.exit_codes import ExitCode, combined


def test_exit_codes_of_several_repositories_become_one() -> None:
    done, busy, network = ExitCode.DONE, ExitCode.ALREADY_RUNNING, ExitCode.NETWORK
    assert combined([]) == combined([done, done]) == 0
    assert combined([done, busy]) == 75
    assert combined([busy, network, done]) == 4
    assert combined([network, ExitCode.USAGE]) == 1
