-- Grain: one row per version of a user and UTC day with a play or page view in it: what is added up when only some of
-- the users are looked at. A discovery is a user's first play of an artist's title, ever.
{{ config(materialized='incremental', incremental_strategy='touched_user_days') }}
{% set sums = [
    'play_count', 'listen_count', 'heard_ms', 'discovery_count', 'free_view_count', 'offer_view_count', 'order_count',
    'cancellation_count'
] %}
{% set keys = 'source, user_key, user_version_key' %}
with plays as (
    select
        {{ keys }},
        played_date as date_day,
        count(*) as play_count,
        sum(cast(is_listen as integer)) as listen_count,
        sum(heard_ms) as heard_ms
    from {{ ref('fct_plays') }}
    where
        user_key is not null
        {% if is_incremental() %}
        and played_at >= cast({{ touched_since() }} as date) and user_key in {{ touched_users() }}
        {% endif %}
    group by {{ keys }}, played_date
),

first_plays as (
    -- Plays of one instant are in one version: it holds from instant to instant.
    select
        source,
        user_key,
        {{ first_by('user_version_key', ['played_at']) }} as user_version_key,
        min(played_date) as date_day
    from {{ ref('fct_plays') }}
    where
        user_key is not null
        {% if is_incremental() %}
        and user_key in {{ touched_users() }}
        {% endif %}
    group by source, user_key, artist, song
),

views as (
    select
        {{ keys }},
        viewed_date as date_day,
        count(case when level = 'free' then 1 end) as free_view_count,
        count(case when page = 'Upgrade' then 1 end) as offer_view_count,
        count(case when page = 'Submit Upgrade' then 1 end) as order_count,
        count(case when page = 'Cancellation Confirmation' then 1 end) as cancellation_count
    from {{ ref('fct_page_views') }}
    where
        user_key is not null
        {% if is_incremental() %}
        and viewed_at >= cast({{ touched_since() }} as date) and user_key in {{ touched_users() }}
        {% endif %}
    group by {{ keys }}, viewed_date
),

parts as (
    select
        {{ keys }},
        date_day,
        play_count,
        listen_count,
        heard_ms,
        0 as discovery_count,
        0 as free_view_count,
        0 as offer_view_count,
        0 as order_count,
        0 as cancellation_count
    from plays
    union all
    select
        {{ keys }},
        date_day,
        0 as play_count,
        0 as listen_count,
        0 as heard_ms,
        count(*) as discovery_count,
        0 as free_view_count,
        0 as offer_view_count,
        0 as order_count,
        0 as cancellation_count
    from first_plays
    {% if is_incremental() %}
    where date_day >= cast({{ touched_since() }} as date)
    {% endif %}
    group by {{ keys }}, date_day
    union all
    select
        {{ keys }},
        date_day,
        0 as play_count,
        0 as listen_count,
        0 as heard_ms,
        0 as discovery_count,
        free_view_count,
        offer_view_count,
        order_count,
        cancellation_count
    from views
)

select
    {{ keys }},
    {% for column in sums %}
    cast(coalesce(sum({{ column }}), 0) as bigint) as {{ column }},
    {% endfor %}
    date_day
from parts
group by {{ keys }}, date_day
