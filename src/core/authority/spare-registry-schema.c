/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the registry, version by version.
 *
 * A list here never changes once it has been in a release; what comes later is a new one. Nothing of a row is evidence
 * by itself where protocol.md says so: claims and approvals are proven from kept bundles, enrolments from the audit log.
 *
 *     owners ──< packets ──< answers        answers: a packet in a deposit, until a receipt names it
 *                  │ └ packets_fts          the words of packets_text, by which packets are found
 *     bundles ─────┘                        octets lie in bundles/<sha256>.sparekey
 *     audit, checkpoints                    see spare-audit.c
 */
#include "config.h"

#include "spare-registry-private.h"

/* The words of a packet come by a view, so that FTS5 holds no second copy of them and can be built anew from it. */
static const char first[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE bundles ("
    "  sha256 TEXT PRIMARY KEY CHECK (length (sha256) = 64), id TEXT NOT NULL, type TEXT NOT "
    "NULL,"
    "  sender TEXT NOT NULL, receiver TEXT NOT NULL, received INTEGER NOT NULL,"
    "  sequence INTEGER NOT NULL, size INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX bundles_id ON bundles (id);"
    "CREATE INDEX bundles_type ON bundles (type, received);"

    "CREATE TABLE owners ("
    "  fingerprint TEXT PRIMARY KEY CHECK (length (fingerprint) = 40), user_id TEXT NOT NULL,"
    "  certificate BLOB, first_seen INTEGER NOT NULL, contact TEXT, evidence TEXT,"
    "  enrolled_time INTEGER NOT NULL DEFAULT 0, enrolled_sequence INTEGER NOT NULL DEFAULT 0,"
    "  lost TEXT NOT NULL DEFAULT 'none', lost_since INTEGER NOT NULL DEFAULT 0,"
    "  lost_time INTEGER NOT NULL DEFAULT 0, lost_sequence INTEGER NOT NULL DEFAULT 0,"
    "  n_packets INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;"

    "CREATE TABLE packets ("
    "  id INTEGER PRIMARY KEY, owner TEXT NOT NULL REFERENCES owners (fingerprint),"
    "  sha256 TEXT NOT NULL CHECK (length (sha256) = 64), serial TEXT NOT NULL,"
    "  file_id TEXT NOT NULL CHECK (length (file_id) = 32), tag INTEGER NOT NULL,"
    "  data_head BLOB NOT NULL, packet BLOB NOT NULL, created INTEGER NOT NULL,"
    "  description TEXT NOT NULL, name TEXT NOT NULL, name_octets BLOB, size INTEGER NOT NULL,"
    "  subkey TEXT NOT NULL, algorithm TEXT NOT NULL, cipher TEXT NOT NULL,"
    "  proven INTEGER NOT NULL, bundle TEXT NOT NULL"
    "    REFERENCES bundles (sha256) DEFERRABLE INITIALLY DEFERRED,"
    "  deposit TEXT NOT NULL, intake INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    "  conflict INTEGER NOT NULL DEFAULT 0, receipted INTEGER NOT NULL DEFAULT 0,"
    "  transfer_from TEXT NOT NULL DEFAULT '', source_sha256 TEXT,"
    "  stated_intake INTEGER NOT NULL DEFAULT 0, rewrapped BLOB, rewrapped_subkey TEXT,"
    "  UNIQUE (owner, sha256, transfer_from)) STRICT;"
    "CREATE INDEX packets_serial ON packets (serial, owner);"
    "CREATE INDEX packets_file_id ON packets (file_id);"
    "CREATE INDEX packets_owner ON packets (owner, id);"
    "CREATE INDEX packets_sha256 ON packets (sha256);"
    "CREATE INDEX packets_conflict ON packets (id) WHERE conflict = 1;"

    "CREATE VIEW packets_text AS SELECT packets.id AS id,"
    "  owners.user_id || ' ' || owners.fingerprint AS owner, packets.name AS name,"
    "  packets.description AS description, packets.serial AS serial"
    "  FROM packets JOIN owners ON owners.fingerprint = packets.owner;"
    "CREATE VIRTUAL TABLE packets_fts USING fts5 (owner, name, description, serial,"
    "  content = 'packets_text', content_rowid = 'id',"
    "  tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3', detail = full);"

    "CREATE TABLE answers ("
    "  id INTEGER PRIMARY KEY, packet INTEGER NOT NULL REFERENCES packets (id),"
    "  owner TEXT NOT NULL, serial TEXT NOT NULL, deposit TEXT NOT NULL, receipt TEXT,"
    "  UNIQUE (deposit, packet, serial)) STRICT;"
    "CREATE INDEX answers_open ON answers (owner, id) WHERE receipt IS NULL;"

    "CREATE TABLE audit ("
    "  sequence INTEGER PRIMARY KEY, text TEXT NOT NULL, hash TEXT NOT NULL,"
    "  time TEXT NOT NULL, event TEXT NOT NULL) STRICT;"
    "CREATE INDEX audit_time ON audit (time);"
    "CREATE INDEX audit_event ON audit (event, sequence);"
    "CREATE TABLE checkpoints ("
    "  sequence INTEGER PRIMARY KEY, text TEXT NOT NULL, signature TEXT NOT NULL) STRICT;";

/* Cases: an index over kept requests and approvals. Statements: what the authority itself saw, signed (see
 * spare-attestation.c). */
static const char second[] =
    "CREATE TABLE attestations ("
    "  subject TEXT PRIMARY KEY, statement BLOB NOT NULL, signature BLOB NOT NULL) STRICT,"
    "  WITHOUT ROWID;"
    "CREATE TABLE cases ("
    "  id TEXT PRIMARY KEY, request TEXT NOT NULL UNIQUE, request_id TEXT NOT NULL,"
    "  requester TEXT NOT NULL, people TEXT NOT NULL, old TEXT NOT NULL, key TEXT NOT NULL,"
    "  subkey TEXT NOT NULL, reason TEXT NOT NULL, lost TEXT NOT NULL, since INTEGER NOT NULL,"
    "  opened INTEGER NOT NULL, sequence INTEGER NOT NULL, answer TEXT, answer_kind TEXT,"
    "  answer_id TEXT, answer_name TEXT, answer_reason TEXT,"
    "  answered INTEGER NOT NULL DEFAULT 0, answer_records INTEGER NOT NULL DEFAULT 0)"
    "  STRICT, WITHOUT ROWID;"
    "CREATE INDEX cases_sequence ON cases (sequence);"
    "CREATE TABLE case_files ("
    "  case_id TEXT NOT NULL REFERENCES cases (id), position INTEGER NOT NULL,"
    "  record TEXT NOT NULL, PRIMARY KEY (case_id, position)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE case_approvals ("
    "  case_id TEXT NOT NULL REFERENCES cases (id), bundle TEXT NOT NULL,"
    "  fingerprint TEXT NOT NULL, UNIQUE (case_id, bundle)) STRICT;";

const char *const spare_registry_migrations[SPARE_REGISTRY_VERSION] = {
  first,
  second,
};
