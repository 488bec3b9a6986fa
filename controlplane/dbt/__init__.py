"""dbt in a process of its own: what it says while it runs, and what it leaves behind."""
