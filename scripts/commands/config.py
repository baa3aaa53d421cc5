"""``scalp-radar config check``: the effective configuration, without secrets."""

from __future__ import annotations

import typer

from scripts.options import AsJson, ConfigFolder, config_folder, print_json


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="The configuration.", no_args_is_help=True)
    app.add_typer(group, name="config")

    @group.callback()
    def root() -> None:
        """The configuration."""

    @group.command()
    def check(config: ConfigFolder = None, as_json: AsJson = False) -> None:
        """Check every file and print the effective configuration, defaults filled in, without secrets."""
        # Here, since numpy and pydantic would slow every other command's start.
        import yaml

        from scripts.configuration import load_settings
        from scripts.secrets import load_secrets

        folder = config_folder(config)
        settings = load_settings(folder)
        shown = settings.model_dump(mode="json") | {"secrets": load_secrets().shown()}
        if as_json:
            print_json(shown)
            return
        typer.echo(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=110).rstrip())
        typer.echo(f"{folder}: sound", err=True)
