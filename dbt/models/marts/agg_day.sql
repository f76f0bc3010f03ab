-- Grain: one row per source and UTC day with any event.
{{ config(materialized='incremental', incremental_strategy='touched_days') }}
with actions as (
    select
        source,
        event_date as date_day,
        count(*) as event_count
    from {{ ref('int_events') }}
    {% if is_incremental() %}
    where event_date in {{ touched_days() }}
    {% endif %}
    group by source, event_date
),

users as (
    select
        source,
        date_day,
        count(*) as active_user_count,
        count(case when listen_count > 0 then 1 end) as listener_count
    from {{ ref('fct_user_days') }}
    {% if is_incremental() %}
    where date_day in {{ touched_days() }}
    {% endif %}
    group by source, date_day
),

plays as (
    select
        source,
        played_date as date_day,
        count(*) as play_count,
        sum(cast(is_listen as integer)) as listen_count,
        sum(heard_ms) as heard_ms
    from {{ ref('fct_plays') }}
    {% if is_incremental() %}
    where played_date in {{ touched_days() }}
    {% endif %}
    group by source, played_date
),

views as (
    select
        source,
        viewed_date as date_day,
        count(*) as page_view_count,
        sum(cast(is_error as integer)) as error_count,
        sum(cast(page = 'Cancellation Confirmation' as integer)) as cancellation_count
    from {{ ref('fct_page_views') }}
    {% if is_incremental() %}
    where viewed_date in {{ touched_days() }}
    {% endif %}
    group by source, viewed_date
),

sessions as (
    select
        source,
        started_date as date_day,
        count(*) as session_count
    from {{ ref('fct_sessions') }}
    {% if is_incremental() %}
    where started_date in {{ touched_days() }}
    {% endif %}
    group by source, started_date
),

newcomers as (
    select
        source,
        cast(first_seen_at as date) as date_day,
        count(*) as new_user_count
    from {{ ref('dim_users') }}
    where
        version_number = 1 and not is_unknown
        {% if is_incremental() %}
        and cast(first_seen_at as date) in {{ touched_days() }}
        {% endif %}
    group by source, cast(first_seen_at as date)
),

changes as (
    select
        source,
        changed_date as date_day,
        sum(cast(change_kind = 'upgrade' as integer)) as upgrade_count,
        sum(cast(change_kind = 'downgrade' as integer)) as downgrade_count
    from {{ ref('fct_level_changes') }}
    {% if is_incremental() %}
    where changed_date in {{ touched_days() }}
    {% endif %}
    group by source, changed_date
),

logins as (
    select
        source,
        authed_date as date_day,
        sum(cast(is_success as integer)) as login_count,
        sum(cast(not is_success as integer)) as failed_login_count
    from {{ ref('fct_auths') }}
    {% if is_incremental() %}
    where authed_date in {{ touched_days() }}
    {% endif %}
    group by source, authed_date
)

select
    a.source,
    a.date_day,
    a.event_count,
    coalesce(w.page_view_count, 0) as page_view_count,
    coalesce(p.play_count, 0) as play_count,
    cast(coalesce(p.listen_count, 0) as bigint) as listen_count,
    cast(coalesce(p.heard_ms, 0) as bigint) as heard_ms,
    coalesce(u.active_user_count, 0) as active_user_count,
    coalesce(u.listener_count, 0) as listener_count,
    coalesce(n.new_user_count, 0) as new_user_count,
    coalesce(s.session_count, 0) as session_count,
    cast(coalesce(c.upgrade_count, 0) as bigint) as upgrade_count,
    cast(coalesce(c.downgrade_count, 0) as bigint) as downgrade_count,
    cast(coalesce(w.cancellation_count, 0) as bigint) as cancellation_count,
    cast(coalesce(w.error_count, 0) as bigint) as error_count,
    cast(coalesce(g.login_count, 0) as bigint) as login_count,
    cast(coalesce(g.failed_login_count, 0) as bigint) as failed_login_count
from actions as a
{% for other in [
    'users as u', 'plays as p', 'views as w', 'sessions as s', 'newcomers as n', 'changes as c', 'logins as g'
] %}
left join {{ other }} on a.source = {{ other[-1] }}.source and a.date_day = {{ other[-1] }}.date_day
{% endfor %}
