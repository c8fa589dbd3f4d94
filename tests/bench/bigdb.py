"""A database with a list of a million leads, made once for each layout of the tables and kept in the cache of the tests.

The program under test makes the tables, the campaign and one lead; SQL multiplies the rows of that lead in whatever tables
they are in.
"""
import contextlib
import hashlib
import os
import shutil
import sqlite3

from engine import Engine, binary, tries

CACHE = os.environ.get("ASTOUT_CACHE", "/var/tmp/astout-cache")
NAME = "a million leads"
UUID4 = ("lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' ||"
         " substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))")


def conf():
    """The configuration of the program under test: its own strategies are beside it."""
    own = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(binary()))), "strategies")
    return {"general": {"log_level": "info"}, **({"scripts": {"path": own}} if os.path.isdir(own) else {})}


def schema(path):
    """What the database consists of: the same text, the same layout."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        made = [sql for sql, in db.execute("SELECT sql FROM sqlite_master WHERE sql NOTNULL ORDER BY name")]
        return "\n".join(made) + str(db.execute("PRAGMA user_version").fetchone()[0])


def multiply(path, count):
    """As many leads as that, each a copy of the one there is with an id, a uuid and a number of its own."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -500000")
        lead = db.execute("SELECT id FROM dl_list").fetchone()[0]
        db.execute("BEGIN")
        db.execute(f"CREATE TEMP TABLE one AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
                   f" i < {count - 1}) SELECT i, {UUID4} AS uuid FROM n")
        own = {"id": f"{lead} + one.i", "uuid": "one.uuid", "number_1": "'9' || (1000000 + one.i)"}
        for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            if "id" in columns and {"number_1", "trycnt_1"} & set(columns):
                db.execute(f"INSERT INTO {table}({', '.join(columns)}) SELECT {', '.join(own.get(c, c) for c in columns)}"
                           f" FROM {table}, one WHERE id = {lead}")
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'sequence'").fetchone():
            db.execute("UPDATE sequence SET next = ? WHERE name = 'lead'", (lead + count,))
        db.execute("COMMIT")
        assert db.execute("SELECT count(*) FROM dl_list").fetchone()[0] == count
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def database(count):
    """The path of one with a campaign named NAME, stopped, of a list with so many leads that are due."""
    with Engine(conf=conf()) as engine:
        engine.end()
        os.makedirs(CACHE, exist_ok=True)
        key = hashlib.sha256(f"{schema(engine.data)}{count}".encode()).hexdigest()[:12]
        path = os.path.join(CACHE, f"leads-{count}-{key}.db")
        if os.path.exists(path):
            return path
        print(f"making a list of {count} leads: {path}", flush=True)
        engine.start()
        with engine.ami() as c:
            c.campaign(["91000000"], Name=NAME, plan={"Name": NAME, "TechName": "sip/", "DialMode": "4", "DlEndHandle": "0",
                                                      **tries(5)}, Cps="20", Channels="100")
        engine.end()
        multiply(engine.data, count)
        shutil.move(engine.data, path + ".new")
        os.rename(path + ".new", path)
        return path
