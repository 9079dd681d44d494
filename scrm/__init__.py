"""Social CRM integration: what people say on social networks, on the right CRM contact's timeline.

    networks ──► connectors ──► ingest ──► matching ──► web/review ──► matching ──► sync ──► CRM
                 read pages     raw rows,   candidates    a steward      judgment    timeline
                 translate      profiles,   + evidence    decides        ⇒ link      entries
                                interactions
    CRM ──► sync/contacts ──► contacts            CRM ──► web/webhooks ──► inbox ──► sync/webhook
                                         networks ──► web/webhooks ──► inbox ──► ingest/push

Each arrow is rows in the database plus a wake-up, never a call into the next box;
`jobs.py` is the only file that knows what follows what.
"""
