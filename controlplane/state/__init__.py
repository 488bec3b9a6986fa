"""Jobs, their results and the claims of due times, as rows of SQLite or PostgreSQL."""
