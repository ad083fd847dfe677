# ruff: noqa: E501 (the lines of the sampled programs)
from __future__ import annotations

import pytest
from plan_repositories import VM, plan_of, rights

SQL = """
    import os
    import pyodbc
    def run(query):
        text = f"Driver={{ODBC Driver 18 for SQL Server}};Server={os.environ['SQL_SERVER']};Database={os.environ['SQL_DATABASE']};Uid={os.environ['SQL_USER']};Pwd={os.environ['SQL_PASSWORD']}"
        with pyodbc.connect(text) as connection:
            connection.execute(query)
"""
SERVER = VM + "resource server 'Microsoft.Sql/servers@2021-11-01' = {\n  name: 'sql-1'\n}\n"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT id FROM dbo.Reading", ["db_datareader"]),
        ("INSERT INTO dbo.Reading (a) VALUES (?)", ["db_datawriter"]),
        ("CREATE TABLE dbo.Reading (id int)", ["db_ddladmin"]),
        ("EXEC dbo.Store", ["EXECUTE"]),
    ],
)
def test_statements_decide_the_rights(tmp_path, statement, expected):
    plan = plan_of(tmp_path, {"app.py": SQL + f'    run("{statement}")\n', "main.bicep": SERVER})
    assert rights(plan) == expected


def test_sentences_and_docstrings_are_no_statements(tmp_path):
    code = SQL + '    def x():\n        "SELECT a FROM b"\n    run("Select a file from the list")\n'
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": SERVER})
    assert rights(plan) == ["db_datareader", "db_datawriter"]
    assert plan.assignments[0].default


def test_the_user_is_named_like_the_host_and_made_once(tmp_path):
    plan = plan_of(tmp_path, {"app.py": SQL + '    run("SELECT a FROM b")\n', "main.bicep": SERVER})
    (statements,) = plan.statements
    assert statements.lines[0].startswith("IF NOT EXISTS")
    assert "CREATE USER [{vmName}] FROM EXTERNAL PROVIDER;" in statements.lines[0]
    assert statements.lines[1] == "ALTER ROLE db_datareader ADD MEMBER [{vmName}];"


def test_password_settings_go_and_passwords_wait_for_the_code(tmp_path):
    plan = plan_of(tmp_path, {"app.py": SQL + '    run("SELECT a FROM b")\n', "main.bicep": SERVER})
    assert {"SQL_USER", "SQL_PASSWORD"} <= {s.name for s in plan.settings if s.action == "remove"}
    assert not {"SQL_SERVER", "SQL_DATABASE"} & {s.name for s in plan.settings if s.action == "remove"}


def test_a_connection_without_password_holds_up_nothing(tmp_path):
    code = """
        import pyodbc
        pyodbc.connect("Server=sql-1.database.windows.net;Authentication=ActiveDirectoryMsi").execute("SELECT a FROM b")
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": SERVER})
    assert [switch.blocked for switch in plan.switches] == [()]


def test_a_database_elsewhere_is_left_alone(tmp_path):
    plan = plan_of(tmp_path, {"app.py": SQL + '    run("SELECT a FROM b")\n', "main.bicep": VM})
    assert not plan.assignments


@pytest.mark.parametrize(
    ("code", "type_", "expected"),
    [
        (
            ('import os, psycopg\npsycopg.connect(host=os.environ["PGHOST"], dbname=os.environ["PGDATABASE"], '
'password=os.environ["PGPASSWORD"]).execute("UPDATE a SET b = 1")\n'),
            "Microsoft.DBforPostgreSQL/flexibleServers",
            [("pgaadauth_create_principal_with_oid('{vmName}', '{principalId}', 'service', false, "
"false)"), "GRANT UPDATE ON ALL TABLES"],
        ),
        (
            ('import os, pymysql\npymysql.connect(host=os.environ["DB_HOST"], '
'password=os.environ["DB_PASSWORD"]).cursor().execute("DELETE FROM a")\n'),
            "Microsoft.DBforMySQL/flexibleServers",
            ["CREATE AADUSER IF NOT EXISTS '{vmName}' IDENTIFIED BY '{clientId}';", "GRANT DELETE ON"],
        ),
    ],
)  # fmt: skip
def test_other_databases_have_their_own_words(tmp_path, code, type_, expected):
    template = VM + f"resource server '{type_}@2023-06-30' = {{\n  name: 'db-1'\n}}\n"
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": template})
    text = "\n".join(plan.statements[0].lines)
    assert all(part in text for part in expected)


def test_redis_gets_an_access_policy(tmp_path):
    code = 'import os, redis\nredis.Redis(host=os.environ["REDIS_HOST"], password=os.environ["REDIS_KEY"], ssl=True)\n'
    template = VM + "resource cache 'Microsoft.Cache/redis@2024-03-01' = {\n  name: 'redis-1'\n}\n"
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": template})
    assert [(a.mechanism, a.role) for a in plan.assignments] == [("redis", "Data Contributor")]
    assert "REDIS_KEY" in {s.name for s in plan.settings if s.action == "remove"}


def test_a_host_in_the_code_says_that_a_database_is_on_azure(tmp_path):
    code = """
        import os, pyodbc
        db = pyodbc.connect("Driver={x};Server=tcp:shop.database.windows.net;Uid=a;Pwd=" + os.environ["SQL_PWD"])
        db.execute("SELECT a FROM b")
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert rights(plan) == ["db_datareader"]
    assert plan.resources[0].label == "shop"


def test_a_password_stays_until_its_call_is_rewritten(tmp_path):
    code = """
        import os, psycopg2
        psycopg2.connect(host="shop.postgres.database.azure.com", user="u", password=os.environ["PGPASSWORD"])
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert not [s.name for s in plan.settings if s.action == "remove"]
    assert [switch.blocked for switch in plan.switches] == [("app.py:3",)]


def test_a_token_in_the_attributes_of_a_connection_is_no_password(tmp_path):
    code = """
        import os, pyodbc
        def connect(token):
            return pyodbc.connect("Server=shop.database.windows.net;", attrs_before={1256: token})
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": VM})
    assert [switch.blocked for switch in plan.switches] == [()]


# https://github.com/BasharLevin/azure-job-market-data-pipeline
@pytest.mark.parametrize(
    "way", ['username=os.environ["U"], password=os.environ["P"],', 'query={"authentication": "ActiveDirectoryMsi"},']
)
def test_a_url_that_is_made_from_its_parts_names_the_server(tmp_path, way):
    code = f"""
        import os
        from sqlalchemy import create_engine, text
        from sqlalchemy.engine import URL
        url = URL.create("mssql+pyodbc", {way} host=os.environ["SQL_SERVER"], database=os.environ["SQL_DATABASE"])
        with create_engine(url).begin() as connection:
            connection.execute(text("INSERT INTO a VALUES (1)"))
    """
    plan = plan_of(tmp_path, {"app.py": code, "main.bicep": SERVER})
    assert [right.partition(" (")[0] for right in rights(plan)] == ["db_datawriter"]
