"""The web: pages for steward, rep and admin, webhooks, health. Server-rendered; complete without JavaScript."""

from typing import Final

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from scrm.runtime import Core
from scrm.web import (
    account,
    api,
    api_tokens,
    archives,
    audit_log,
    auth,
    batches,
    canvas,
    connections,
    contact_acts,
    contacts,
    crm,
    crm_fields,
    dashboard,
    decisions,
    desk,
    embed,
    error_inbox,
    errors,
    forgetting,
    frame,
    health,
    home,
    hooks,
    imports,
    incoming,
    menu,
    model,
    objections,
    own,
    promise,
    purposes,
    quality,
    retention,
    review,
    roles,
    single_sign_on,
    start,
    turns,
    users,
    webhooks,
    wording,
    writing,
)

LARGEST_FORM: Final = 1024 * 1024
PAGES: Final = (
    dashboard,
    home,
    start,
    auth,
    single_sign_on,
    account,
    review,
    desk,
    decisions,
    batches,
    quality,
    promise,
    model,
    contacts,
    contact_acts,
    objections,
    embed,
    canvas,
    connections,
    own,
    imports,
    archives,
    crm,
    crm_fields,
    writing,
    error_inbox,
    forgetting,
    purposes,
    retention,
    turns,
    webhooks,
    health,
    menu,
    hooks,
    incoming,
    api_tokens,
    users,
    audit_log,
)


def create_app(core: Core) -> Flask:
    """Build the web application over an opened core."""
    app = Flask("scrm.web")
    keys = [key.hex() for key in core.vault.derive("web.form")]
    is_https = core.settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=keys[0],
        SECRET_KEY_FALLBACKS=keys[1:],
        WTF_CSRF_SECRET_KEY=keys[::-1],  # the last one signs, all are good: a new key refuses no form that was open
        SESSION_COOKIE_NAME="__Host-scrm-form" if is_https else "scrm-form",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_PARTS=200,
        TRUSTED_HOSTS=frame.trusted_hosts(core.settings),
        WTF_CSRF_TIME_LIMIT=int(auth.ABSOLUTE.total_seconds()),
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,  # the address of a static file changes with its content
    )
    if core.settings.behind_proxy:
        hops = core.settings.behind_proxy
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.extensions["scrm"] = core
    csrf = CSRFProtect(app)  # type: ignore[no-untyped-call]
    csrf.exempt(webhooks.blueprint)  # type: ignore[no-untyped-call]
    csrf.exempt(canvas.blueprint)  # type: ignore[no-untyped-call]
    csrf.exempt(account.stop_blueprint)  # type: ignore[no-untyped-call]
    csrf.exempt(forgetting.from_network)  # type: ignore[no-untyped-call]
    frame.install(app)
    auth.install(app)
    single_sign_on.install(app)
    imports.install(app)
    archives.install(app)
    roles.install(app)
    wording.install(app)
    menu.install(app)
    errors.install(app)
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    app.register_blueprint(account.stop_blueprint)
    for part in api.install(app):
        csrf.exempt(part)  # type: ignore[no-untyped-call]
    roles.check(app)
    return app
