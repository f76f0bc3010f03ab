-- Grain: one row per interval of a user's versions at level paid; closing the account ends it.
{{ config(tags=['daily']) }}
with cancelled as (
    select
        user_key,
        min(viewed_at) as cancelled_at
    from {{ ref('fct_page_views') }}
    where page = 'Cancellation Confirmation' and user_key is not null
    group by user_key
)

select
    u.source,
    u.user_key,
    u.user_version_key,
    u.valid_from as paid_from,
    {{ earlier_of('u.valid_to', 'c.cancelled_at') }} as paid_to,
    u.first_seen_at
from {{ ref('dim_users') }} as u
left join cancelled as c on u.user_key = c.user_key
where u.level = 'paid' and (c.cancelled_at is null or u.valid_from < c.cancelled_at)
