"""Web entry for any WSGI server: load settings, create_app, nothing else."""

from dotenv import load_dotenv

from scrm.cli.opening import open_prepared, settings_for_service
from scrm.jobs import waker
from scrm.web import create_app

load_dotenv(".env")
settings = settings_for_service()
app = create_app(open_prepared(settings, wake=waker(settings.redis)))
