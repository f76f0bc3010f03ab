{# Incremental models replace what a build's changes touch. Before dbt starts, `zipotify.warehouse.increment` fills the
   schema `changes`: the new rows of each topic, the sessions that they are part of, the users of these (rows as they
   were and as they are), the days of both, and the earliest instant of any. Everything that can differ is in there:
   - events: read in place, new and old
   - what depends on a session alone: its rows
   - versions of users: those of the users
   - facts: rows of the sessions, and of the users from that instant on; earlier versions keep their keys
   - figures by day: those days #}
{# A table of the lake as it was when the build was planned: it may grow meanwhile, and is read more than once. #}
{% macro as_planned(table) -%}
    {{ adapter.dispatch('as_planned', 'zipotify')(table) }}
{%- endmacro %}

{% macro default__as_planned(table) -%}
    {{ table }}
{%- endmacro %}

{% macro duckdb__as_planned(table) -%}
    {%- set version = "select coalesce(max(', version => ' || version), '') as answer from changes.planned where table_name = '" -%}
    {{ (table | string)[:-1] }}{{ _asked(version ~ table.identifier ~ "'") }})
{%- endmacro %}

{% macro touched_since() -%}
    {{ instant_from_us(_asked("select coalesce(min(since_us), " ~ _never_us() ~ ") as answer from changes.since")) }}
{%- endmacro %}

{# Rows of events that can be of a touched session; the day is what their files lie by. #}
{% macro is_since_touched(events) -%}
    {{ events }}.event_date >= cast({{ touched_since() }} as date) and {{ events }}.event_at >= {{ touched_since() }}
{%- endmacro %}

{% macro touched_sessions() -%}
    (select session_key from changes.sessions)
{%- endmacro %}

{# Whether a row, in a table or its alias, is of a touched session: by what the session's key is made of, which is shorter. #}
{% macro is_of_touched_session(table) -%}
    ({{ table }}.source, {{ table }}.session_id) in (select source, session_id from changes.sessions)
{%- endmacro %}

{% macro touched_users() -%}
    (select user_key from changes.users)
{%- endmacro %}

{# As literals, so that the engine skips what lies outside of them. #}
{% macro touched_days() -%}
    ({{ _asked("select coalesce(string_agg(distinct " ~ _day_literal() ~ ", ', '), " ~ _no_day() ~ ") as answer from changes.days") }})
{%- endmacro %}

{% macro first_touched_day() -%}
    {{ _asked("select coalesce(min(" ~ _day_literal() ~ "), " ~ _no_day() ~ ") as answer from changes.days") }}
{%- endmacro %}

{# Whether a row of a fact may differ; of the users, only what is not before the first change. #}
{% macro is_touched(instant, session_key, user_key) -%}
    {{ instant }} >= {{ touched_since() }}
    and ({{ session_key }} in {{ touched_sessions() }} or {{ user_key }} in {{ touched_users() }})
{%- endmacro %}

{% macro _asked(question) -%}
    {%- if execute -%}{{ run_query(question).rows[0][0] }}{%- else -%}null{%- endif -%}
{%- endmacro %}

{% macro _never_us() -%}
    8000000000000000
{%- endmacro %}

{% macro _day_literal() -%}
    'date ''' || date_day || ''''
{%- endmacro %}

{% macro _no_day() -%}
    'date ''9999-12-31'''
{%- endmacro %}

{# Strategies: what is deleted before the model's rows are inserted, in one transaction. It is noted: publication does the
   same to the snapshot, for which the condition must hold of the rows as they were and as they are. #}

{# No row of a touched session is before the earliest instant, which is cheaper to look at than its key. #}
{% macro get_incremental_touched_sessions_sql(arguments) -%}
    {%- set since = config.get('meta').instant ~ " >= " ~ touched_since() ~ " and " if config.get('meta') else "" -%}
    {{ _replace(arguments, since ~ is_of_touched_session(arguments.target_relation.identifier)) }}
{%- endmacro %}

{% macro get_incremental_touched_users_sql(arguments) -%}
    {{ _replace(arguments, "user_key in " ~ touched_users()) }}
{%- endmacro %}

{% macro get_incremental_touched_user_days_sql(arguments) -%}
    {{ _replace(arguments, "date_day >= cast(" ~ touched_since() ~ " as date) and user_key in " ~ touched_users()) }}
{%- endmacro %}

{% macro get_incremental_touched_facts_sql(arguments) -%}
    {{ _replace(arguments, is_touched(config.get('meta').instant, 'session_key', 'user_key')) }}
{%- endmacro %}

{% macro get_incremental_touched_days_sql(arguments) -%}
    {{ _replace(arguments, "date_day in " ~ touched_days()) }}
{%- endmacro %}

{% macro get_incremental_from_first_touched_day_sql(arguments) -%}
    {{ _replace(arguments, "date_day >= " ~ first_touched_day()) }}
{%- endmacro %}

{# For sets that only grow: the model itself leaves out what is there. #}
{% macro get_incremental_new_members_sql(arguments) -%}
    {{ _replace(arguments, none) }}
{%- endmacro %}

{% macro _replace(arguments, condition) -%}
    {%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
    {%- set table_name = arguments.target_relation.identifier -%}
    {% if condition %}delete from {{ arguments.target_relation }} where {{ condition }};
    delete from changes.replaced where table_name = '{{ table_name }}';
    insert into changes.replaced values ('{{ table_name }}', '{{ condition | replace("'", "''") }}');{% endif %}
    insert into {{ arguments.target_relation }} ({{ columns }}) select {{ columns }} from {{ arguments.temp_relation }}
{%- endmacro %}

{# After users have their new versions: adds the days on which a version that came, went or changed holds to the touched
   days. What a user's first events hide is filled by later ones, so these days can be before any new event. #}
{% macro note_changed_days() -%}
    {% if is_incremental() %}
    {%- set compared = ['level', 'previous_level', 'gender', 'location_key', 'device'] -%}
    insert into changes.days
    with before as (
        select * from changes.user_versions
    ),

    after as (
        select * from {{ this }}
        where user_key in {{ touched_users() }}
    ),

    changed as (
        {% for one, other in [('before', 'after'), ('after', 'before')] %}
        select
            o.user_key,
            cast(o.valid_from as date) as first_day,
            cast(o.valid_to as date) as last_day
        from {{ one }} as o
        left join {{ other }} as t
            on
                o.user_version_key = t.user_version_key
                {% for name in compared %}
                and o.{{ name }} is not distinct from t.{{ name }}
                {% endfor %}
        where t.user_version_key is null
        {% if not loop.last %}union all{% endif %}
        {% endfor %}
    )

    select first_day as date_day from changed
    union
    select e.event_date
    from changed as c
    inner join {{ ref('int_events') }} as e
        on
            c.user_key = e.user_key
            and c.first_day <= e.event_date
            and (c.last_day is null or c.last_day >= e.event_date)
    {% else %}
    select 1
    {% endif %}
{%- endmacro %}
