from published_client import *  # noqa: F401,F403
