-- Each version of a user ends where the next one begins; one of them is current.
with versions as (
    select
        *,
        lead(valid_from) over (partition by user_key order by valid_from) as next_from
    from {{ ref('dim_users') }}
    where not is_unknown
)

select *
from versions
where
    valid_from >= valid_to
    or valid_to is distinct from next_from
    or is_current <> (next_from is null)
