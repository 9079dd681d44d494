"""Kill -9 of every process at every failpoint, judged by the CRM's ledger."""
