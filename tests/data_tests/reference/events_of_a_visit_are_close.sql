-- What happened in one visit happened within a day: no event is from before its session or long
-- after.
select
    session_id,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at
from {{ ref('scout_clean_events') }}
group by session_id
having max(occurred_at) > min(occurred_at) + interval '1 day'
