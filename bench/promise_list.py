"""The 25 promises, and which tests show each: a test or a whole file; `more` takes minutes and real processes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What is promised, and by what it is shown."""

    words: str
    by: tuple[str, ...]
    more: tuple[str, ...] = ()


KILLS = "tests/kills/test_kills.py"
WEBHOOK = "tests/sync/test_webhook.py"
WEBHOOK_CRASHES = "tests/sync/test_webhook_crashes.py"
HOOKS = "tests/web/test_webhook_promises.py"
NETWORK_HOOKS = "tests/web/test_network_webhooks.py"
WEATHER = "tests/sync/test_outbox_weather.py"
CONTRACT = "tests/connectors/test_contract.py"
FORGET = "tests/privacy/test_forget.py"

PROMISES: dict[str, Promise] = {
    "P1": Promise(
        words="A webhook is answered with 2xx only after it is stored",
        by=(
            f"{WEBHOOK_CRASHES}::test_a_kill_after_storing_is_answered_by_the_repeat",
            f"{NETWORK_HOOKS}::test_what_cannot_be_stored_is_503_so_that_it_is_sent_again",
        ),
    ),
    "P2": Promise(
        words="kill -9 anywhere: nothing lost, nothing written twice",
        by=(
            f"{WEBHOOK_CRASHES}::test_a_kill_between_transactions_loses_and_doubles_nothing",
            f"{KILLS}::test_every_failpoint_is_either_swept_or_excused",
            f"{WEATHER}::test_an_outcome_nobody_heard_of_is_sent_again_and_doubles_nothing",
        ),
        more=(KILLS,),
    ),
    "P3": Promise(
        words="An outage of the CRM costs time alone",
        by=(
            "tests/sync/test_outage.py",
            f"{WEATHER}::test_an_outage_of_a_day_costs_no_attempt_and_everything_drains_after",
            f"{WEATHER}::test_during_an_outage_nobody_knocks_before_the_time_is_up",
        ),
    ),
    "P4": Promise(
        words="Redis lost or absent costs delay, not data",
        by=(
            "tests/test_schedule.py::test_without_redis_the_sweeper_does_everything_itself",
            "tests/test_schedule.py::test_a_lost_wake_up_is_found_and_waits_only_once",
            "tests/test_jobs.py::test_a_wake_up_survives_the_crash_of_redis",
        ),
        more=(f"{KILLS}::test_killing_valkey_web_and_scheduler_costs_nothing_either",),
    ),
    "P5": Promise(
        words="A forged or stale webhook gets 401 and leaves a count alone",
        by=(
            f"{HOOKS}::test_three_hundred_forgeries_are_401_and_leave_a_count",
            f"{NETWORK_HOOKS}::test_a_forged_delivery_is_401_counted_and_not_kept",
            "tests/sync/test_signature.py",
        ),
    ),
    "P6": Promise(
        words="A repeated webhook gets 2xx and has one effect",
        by=(
            f"{HOOKS}::test_a_delivery_that_comes_fifty_times_eight_at_once_has_one_effect",
            f"{WEBHOOK}::test_a_repeat_is_fine_and_has_no_second_effect",
            "tests/ingest/test_push.py::test_a_repeat_has_no_second_effect",
        ),
    ),
    "P7": Promise(
        words="Changing a secret or the keys refuses nobody",
        by=(
            f"{HOOKS}::test_replacing_a_secret_refuses_nobody_until_its_day_is_over",
            f"{HOOKS}::test_a_new_key_of_the_installation_refuses_no_sender",
            "tests/privacy/test_reseal.py",
        ),
    ),
    "P8": Promise(
        words="An outbound message is acknowledged once stored, poison and all",
        by=(
            "tests/sync/test_outbound.py::test_one_that_is_poisoned_does_not_sink_the_others",
            "tests/sync/test_outbound.py::test_another_organization_and_another_address_are_refused",
            "tests/sync/test_outbound.py::test_what_changes_in_the_org_is_here_at_once_and_once",
        ),
    ),
    "P9": Promise(
        words="A cursor moves only with the rows it covers",
        by=(f"{CONTRACT}::test_a_run_can_resume_after_any_page",),
    ),
    "P10": Promise(
        words="An older version never overwrites a newer one",
        by=(
            "tests/sync/test_outbox.py::test_an_older_version_never_overwrites_a_newer_one",
            f"{WEBHOOK_CRASHES}::test_a_history_in_any_order_with_repeats_ends_as_it_happened",
            "tests/sync/test_outbound.py::test_an_older_reading_never_replaces_a_newer_one",
        ),
    ),
    "P11": Promise(
        words="A poisoned item stops no other and is set aside, to be replayed",
        by=(
            f"{WEBHOOK}::test_poison_is_set_aside_with_a_reason_and_its_neighbors_go_on",
            f"{WEBHOOK_CRASHES}::test_a_delivery_that_stops_two_workers_is_set_aside_alone",
            f"{WEATHER}::test_a_row_that_stops_its_worker_takes_no_neighbor_along",
        ),
    ),
    "P12": Promise(
        words="Retries keep the other side's rules",
        by=(
            "tests/connectors/test_base.py::test_retry_after_is_a_number_or_a_date_within_reason",
            f"{CONTRACT}::test_a_failing_network_gives_our_errors_and_keeps_retry_after",
            f"{WEATHER}::test_a_crm_that_asks_for_time_gets_it_within_reason",
        ),
    ),
    "P13": Promise(
        words="One broken connection slows no other",
        by=("tests/test_schedule.py::test_work_that_fails_stops_no_other",),
    ),
    "P14": Promise(
        words="A refresh token is used once, however many workers wake",
        by=("tests/ingest/test_access.py::test_what_is_to_be_renewed_is_renewed_once_by_two_at_the_same_time",),
    ),
    "P15": Promise(
        words="No secret is readable at rest or in logs",
        by=("tests/web/test_canaries.py",),
    ),
    "P16": Promise(words="No address from outside reaches a private host", by=("tests/test_http.py",)),
    "P17": Promise(
        words="Nothing from outside ever runs in a page",
        by=("tests/web/test_hostile.py::test_the_poison_reaches_the_pages",),
        more=("tests/web/test_hostile.py",),
    ),
    "P18": Promise(
        words="Forms and sign-in hold",
        by=(
            "tests/web/test_roles.py::test_every_changing_request_without_a_token_is_refused",
            "tests/web/test_auth.py",
            "tests/web/test_throttle.py",
        ),
    ),
    "P19": Promise(
        words="Nobody sees or touches what is not for their role",
        by=(
            "tests/web/test_roles.py",
            "tests/web/test_audience.py::test_the_address_of_what_is_hidden_is_as_if_it_were_not_there",
        ),
    ),
    "P20": Promise(
        words="Forgetting is complete, and nobody comes back",
        by=(
            f"{FORGET}::test_nothing_of_the_person_is_left_in_any_store",
            f"{FORGET}::test_nothing_comes_back_when_every_input_is_replayed",
            "tests/privacy/test_forget_crashes.py",
        ),
    ),
    "P21": Promise(
        words="Links follow whatever happens to a contact",
        by=(
            "tests/sync/test_life.py",
            "tests/sync/test_outbox.py::test_a_deleted_contact_parks_what_was_meant_for_it_and_never_loops",
        ),
    ),
    "P22": Promise(
        words="No bad input causes a fault of ours or a lost neighbor",
        by=(
            f"{CONTRACT}::test_a_spoiled_item_gives_records_or_a_payload_error_without_personal_values",
            "tests/sync/test_outbound.py::test_any_bytes_are_a_message_or_refused",
            "tests/sync/test_signature.py::test_whatever_arrives_is_accepted_or_refused",
            "tests/connectors/test_archive.py",
        ),
    ),
    "P23": Promise(
        words="Memory stays bounded whatever arrives",
        by=(
            "tests/test_http.py::test_a_compressed_bomb_is_stopped_at_the_cap",
            "tests/connectors/test_archive.py::test_a_zip_bomb_is_stopped_while_reading",
            "tests/connectors/test_archive.py::test_ten_thousand_files_need_little_memory",
        ),
    ),
    "P24": Promise(
        words="Backup, restore and upgrade lose nothing and double nothing",
        by=("tests/cli/test_backup.py", "tests/sync/test_resend.py"),
    ),
    "P25": Promise(
        words="The books balance",
        by=("tests/web/test_books.py", "tests/sync/test_books.py", "tests/models/test_audit.py"),
    ),
}
