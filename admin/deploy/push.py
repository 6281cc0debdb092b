"""Puts a Space folder where its host builds it: the repository made when it is missing, then one commit.

The only door to huggingface_hub. The token is the library's own: HF_TOKEN, or what `hf auth login` stored. Refuses to start
without one, and to make a public Space of a private one. The trade-off: the commit replaces everything in the repository, so
files that somebody added there by hand are gone after it.
"""

from __future__ import annotations

from pathlib import Path

from text2svg import __version__
from text2svg.errors import ConfigError, SourceError

SDK = {"docker": "docker", "zerogpu": "gradio"}


def push(folder: Path, repo: str, kind: str, *, private: bool) -> str:
    """Address of the commit. Raises ConfigError without a token, SourceError when the host refuses or is not reached."""
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    token = get_token()
    if not token:
        raise ConfigError("there is no token to push with", hint="set HF_TOKEN, or run: hf auth login")
    api = HfApi(token=token, library_name="text2svg", library_version=__version__)
    try:
        api.create_repo(repo, repo_type="space", space_sdk=SDK[kind], private=private, exist_ok=True)
        done = api.upload_folder(
            repo_id=repo,
            repo_type="space",
            folder_path=folder,
            commit_message=f"Text2SVG {__version__}",
            delete_patterns="*",
        )
    except HFValidationError as error:
        raise ConfigError(f"{repo!r} names no Space: {error}", hint="OWNER/NAME") from error
    except HfHubHTTPError as error:
        hint = "the token needs the right to write to this Space" if _denied(error) else "try again later"
        raise SourceError(f"the host refused {repo}: {error}", hint=hint) from error
    except Exception as error:
        # The library has changed its HTTP client before, so what the network does has a name and no one class.
        if not any(kind.__name__ in ("TransportError", "OSError") for kind in type(error).__mro__):
            raise
        raise SourceError(
            f"the host cannot be reached: {error}", hint="try again, or push the folder by hand"
        ) from error
    return str(done.commit_url)


def _denied(error: Exception) -> bool:
    return getattr(getattr(error, "response", None), "status_code", 0) in (401, 403)
