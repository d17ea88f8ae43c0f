/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection to one gpg-agent, to decrypt with a secret key without a gpg process: half a millisecond instead of eleven.
 *
 * It speaks the agent's line protocol over its socket directly. GPGME has an interface for that protocol too; but the
 * answer to PKDECRYPT is a secret that leads to the session key, a passphrase goes the other way, and both would stay
 * behind in buffers of libassuan that nobody wipes. Here every buffer they touch is secure memory.
 *
 *   we:    SETKEY 0123…                      the keygrip
 *   agent: OK
 *   we:    PKDECRYPT
 *   agent: S INQUIRE_MAXLEN 4096
 *   agent: INQUIRE CIPHERTEXT
 *   we:    D (7:enc-val(4:ecdh…              %, CR and LF as %XX; lines of at most 1000 octets
 *   we:    END
 *   agent: INQUIRE PASSPHRASE                only with pinentry-mode loopback
 *   agent: D (5:value33:…                    canonical S-expression
 *   agent: OK, or ERR 67108881 No secret key
 *
 * Promise: a request returns within its patience, however the agent behaves, but for the time that a pinentry is open or
 * the passphrase function takes; the cancellable ends it at once.
 */
#include "config.h"

#include "spare-agent-session-private.h"

#include "spare-error.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The protocol's lines have at most 1000 octets. */
#define LINE_MAX_OCTETS 1000
#define BUFFER_OCTETS   4096
#define REPLY_OCTETS    4096

struct _SpareAgentSession
{
  int fd;
  guint patience; /* milliseconds */
  gboolean lost;
  SpareAgentSessionPassphraseFunc passphrase_func;
  gpointer passphrase_data;

  SpareSecret *buffer; /* what was received and not yet looked at */
  guint8 *received;
  gsize n_received;
  gsize n_line; /* of it: the line given out last, with its end */

  SpareSecret *reply;
  guint8 *value;
  gsize n_value;
};

typedef struct
{
  GBytes *ciphertext; /* NULL: the request has none */
  SpareSecret *passphrase,
      *new_passphrase; /* NULL: the passphrase function is asked; there is no new one */
  gint64 deadline;     /* monotonic microseconds; -1: none */
  GCancellable *cancellable;
  GPollFD cancel;
  gboolean has_cancel;
  gpgme_error_t refusal;
} Request;

static void
set_lost (SpareAgentSession *self, GError **error, const char *detail)
{
  self->lost = TRUE;
  g_debug ("agent: %s", detail);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
               _ ("The part of GnuPG that guards the secret keys does not answer. Nothing was "
                  "changed. Please try again."));
}

static gboolean
wait_for (SpareAgentSession *self, Request *request, short events, GError **error)
{
  for (;;)
    {
      struct pollfd slots[2] = { { .fd = self->fd, .events = events } };
      int timeout = -1, ready;

      if (request->has_cancel)
        slots[1] = (struct pollfd){ .fd = request->cancel.fd, .events = POLLIN };
      if (request->deadline >= 0)
        {
          gint64 left = request->deadline - g_get_monotonic_time ();

          timeout = left <= 0 ? 0 : (int) (left / 1000 + 1);
        }

      ready = poll (slots, request->has_cancel ? 2 : 1, timeout);
      if (g_cancellable_set_error_if_cancelled (request->cancellable, error))
        {
          self->lost = TRUE; /* half-way through a request */
          return FALSE;
        }
      if (ready > 0 && slots[0].revents != 0)
        return TRUE;
      if (ready == 0)
        {
          set_lost (self, error, "no answer in time");
          return FALSE;
        }
      if (ready < 0 && errno != EINTR)
        {
          set_lost (self, error, g_strerror (errno));
          return FALSE;
        }
    }
}

static gboolean
send_all (SpareAgentSession *self,
          Request *request,
          const guint8 *octets,
          gsize length,
          GError **error)
{
  while (length > 0)
    {
      gssize n;

      if (!wait_for (self, request, POLLOUT, error))
        return FALSE;
      n = send (self->fd, octets, length, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && (errno == EINTR || errno == EAGAIN))
        continue;
      if (n <= 0)
        {
          set_lost (self, error, g_strerror (errno));
          return FALSE;
        }
      octets += n;
      length -= (gsize) n;
    }
  return TRUE;
}

static gboolean
send_line (SpareAgentSession *self, Request *request, const char *line, GError **error)
{
  g_autofree char *whole = g_strconcat (line, "\n", NULL);

  return send_all (self, request, (const guint8 *) whole, strlen (whole), error);
}

/* The next line, without its end, in place: good until the next call. */
static char *
receive_line (SpareAgentSession *self, Request *request, GError **error)
{
  if (self->n_line > 0)
    {
      self->n_received -= self->n_line;
      memmove (self->received, self->received + self->n_line, self->n_received);
      self->n_line = 0;
    }

  for (;;)
    {
      guint8 *end = memchr (self->received, '\n', self->n_received);
      gssize n;

      if (end != NULL)
        {
          self->n_line = (gsize) (end - self->received) + 1;
          *end = '\0';
          return (char *) self->received;
        }
      if (self->n_received == BUFFER_OCTETS)
        {
          set_lost (self, error, "endless line");
          return NULL;
        }
      if (!wait_for (self, request, POLLIN, error))
        return NULL;
      n = recv (self->fd, self->received + self->n_received, BUFFER_OCTETS - self->n_received,
                MSG_DONTWAIT);
      if (n < 0 && (errno == EINTR || errno == EAGAIN))
        continue;
      if (n <= 0)
        {
          set_lost (self, error, n == 0 ? "hung up" : g_strerror (errno));
          return NULL;
        }
      self->n_received += (gsize) n;
    }
}

static int
hex_pair (const char *digits)
{
  int high = g_ascii_xdigit_value (digits[0]);
  int low = high < 0 ? -1 : g_ascii_xdigit_value (digits[1]);

  return low < 0 ? -1 : high << 4 | low;
}

/* A NUL can't be told from the end of the line here: the agent escapes none, so the length comes from n_line. */
static gboolean
take_data (SpareAgentSession *self, GError **error)
{
  const char *text = (const char *) self->received + 2;
  gsize length = self->n_line - 3;

  for (gsize i = 0; i < length; i++)
    {
      guint8 octet = (guint8) text[i];

      if (octet == '%')
        {
          int decoded = i + 2 < length ? hex_pair (text + i + 1) : -1;

          if (decoded < 0)
            {
              set_lost (self, error, "bad escape");
              return FALSE;
            }
          octet = (guint8) decoded;
          i += 2;
        }
      if (self->n_value == REPLY_OCTETS)
        {
          set_lost (self, error, "endless reply");
          return FALSE;
        }
      self->value[self->n_value++] = octet;
    }
  return TRUE;
}

/* The answer to an inquiry, in lines built in secure memory. */
static gboolean
send_data (SpareAgentSession *self,
           Request *request,
           const guint8 *octets,
           gsize length,
           GError **error)
{
  static const char digits[] = "0123456789ABCDEF";
  guint8 *line;
  g_autoptr (SpareSecret) holder = spare_secret_new_sized (LINE_MAX_OCTETS, &line, error);
  gsize position = 0;

  if (holder == NULL)
    return FALSE;
  while (position < length)
    {
      gsize n = 0;

      line[n++] = 'D';
      line[n++] = ' ';
      for (; position < length && n + 4 < LINE_MAX_OCTETS; position++)
        {
          guint8 octet = octets[position];

          if (octet == '%' || octet == '\r' || octet == '\n')
            {
              line[n++] = '%';
              line[n++] = (guint8) digits[octet >> 4];
              line[n++] = (guint8) digits[octet & 15];
            }
          else
            {
              line[n++] = octet;
            }
        }
      line[n++] = '\n';
      if (!send_all (self, request, line, n, error))
        return FALSE;
    }
  return send_line (self, request, "END", error);
}

static gboolean
send_passphrase (SpareAgentSession *self, Request *request, GError **error)
{
  g_autoptr (SpareSecret) passphrase = NULL;

  if (request->passphrase != NULL)
    passphrase = spare_secret_ref (request->passphrase);
  else if (self->passphrase_func != NULL)
    passphrase = self->passphrase_func (self->passphrase_data, error);
  if (passphrase == NULL)
    {
      self->lost = TRUE; /* the inquiry stays open: this connection is of no more use */
      return FALSE;
    }
  request->deadline = g_get_monotonic_time () + self->patience * G_TIME_SPAN_MILLISECOND;
  return send_data (self, request, spare_secret_get_data (passphrase),
                    spare_secret_get_size (passphrase), error);
}

static gboolean
answer (SpareAgentSession *self, Request *request, const char *question, GError **error)
{
  if (g_str_equal (question, "CIPHERTEXT") && request->ciphertext != NULL)
    {
      gsize length;
      const guint8 *octets = g_bytes_get_data (request->ciphertext, &length);

      return send_data (self, request, octets, length, error);
    }
  if (g_str_equal (question, "PASSPHRASE"))
    return send_passphrase (self, request, error);
  if (g_str_equal (question, "NEW_PASSPHRASE") && request->new_passphrase != NULL)
    return send_data (self, request, spare_secret_get_data (request->new_passphrase),
                      spare_secret_get_size (request->new_passphrase), error);
  if (g_str_has_prefix (question, "PINENTRY_LAUNCHED"))
    {
      request->deadline = -1; /* a person takes the time that a person takes */
      return send_line (self, request, "END", error);
    }
  return send_line (self, request, "CAN", error);
}

/* FALSE: with @error or with request->refusal. */
static gboolean
transact (SpareAgentSession *self, Request *request, const char *command, GError **error)
{
  request->deadline = g_get_monotonic_time () + self->patience * G_TIME_SPAN_MILLISECOND;
  if (command != NULL && !send_line (self, request, command, error))
    return FALSE;

  for (;;)
    {
      char *line = receive_line (self, request, error);

      if (line == NULL)
        return FALSE;
      if (g_str_equal (line, "OK") || g_str_has_prefix (line, "OK "))
        return TRUE;
      if (g_str_has_prefix (line, "ERR "))
        {
          request->refusal = (gpgme_error_t) g_ascii_strtoull (line + 4, NULL, 10);
          if (request->refusal == 0)
            request->refusal = gpgme_error (GPG_ERR_GENERAL);
          return FALSE;
        }
      if (g_str_has_prefix (line, "D "))
        {
          if (!take_data (self, error))
            return FALSE;
        }
      else if (g_str_has_prefix (line, "INQUIRE "))
        {
          if (!answer (self, request, line + 8, error))
            return FALSE;
        }
    }
}

static void
request_begin (Request *request, GCancellable *cancellable)
{
  *request = (Request){ .cancellable = cancellable };
  if (cancellable != NULL)
    request->has_cancel = g_cancellable_make_pollfd (cancellable, &request->cancel);
}

static void
request_end (Request *request)
{
  if (request->has_cancel)
    g_cancellable_release_fd (request->cancellable);
}

/* Where a pinentry shall show. */
static gboolean
send_session (SpareAgentSession *self, Request *request, GError **error)
{
  static const struct
  {
    const char *variable, *option;
  } rows[] = {
    { "GPG_TTY", "ttyname=" },
    { "TERM", "ttytype=" },
    { "DISPLAY", "display=" },
    { "XAUTHORITY", "putenv=XAUTHORITY=" },
    { "WAYLAND_DISPLAY", "putenv=WAYLAND_DISPLAY=" },
    { "XDG_SESSION_TYPE", "putenv=XDG_SESSION_TYPE=" },
    { "DBUS_SESSION_BUS_ADDRESS", "putenv=DBUS_SESSION_BUS_ADDRESS=" },
    { "PINENTRY_USER_DATA", "putenv=PINENTRY_USER_DATA=" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *value = g_getenv (rows[i].variable);
      g_autofree char *command = NULL;

      if (value == NULL || strpbrk (value, "\r\n") != NULL || strlen (value) > 900)
        continue;
      command = g_strconcat ("OPTION ", rows[i].option, value, NULL);
      if (!transact (self, request, command, error) && request->refusal == 0)
        return FALSE;
      request->refusal = 0; /* an option that this agent does not know */
    }
  if (!transact (self, request, "OPTION allow-pinentry-notify", error) && request->refusal == 0)
    return FALSE;
  request->refusal = 0;
  return TRUE;
}

static gboolean
greet (SpareAgentSession *self, gboolean loopback, GCancellable *cancellable, GError **error)
{
  Request request;
  gboolean good;

  request_begin (&request, cancellable);
  good = transact (self, &request, NULL, error);
  if (good && loopback)
    good = transact (self, &request, "OPTION pinentry-mode=loopback", error);
  else if (good)
    good = send_session (self, &request, error);
  request_end (&request);

  if (!good && request.refusal != 0)
    spare_gpgme_set_error (error, request.refusal, "agent greeting");
  return good;
}

/**
 * spare_agent_session_connect:
 * @socket_path: where the agent listens
 * @loopback: whether passphrases come from the passphrase function; else the agent's pinentry asks
 * @patience: milliseconds for a request
 * @cancellable: (nullable): ends the attempt
 * @error: return location for an error
 *
 * Errors: %SPARE_ERROR_ENGINE if nobody answers there.
 *
 * Returns: (transfer full) (nullable): the connection
 */
SpareAgentSession *
spare_agent_session_connect (const char *socket_path,
                             gboolean loopback,
                             guint patience,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (SpareAgentSession) self = g_new0 (SpareAgentSession, 1);
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  self->patience = patience;
  self->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  self->buffer = spare_secret_new_sized (BUFFER_OCTETS, &self->received, error);
  if (self->buffer == NULL)
    return NULL;
  self->reply = spare_secret_new_sized (REPLY_OCTETS, &self->value, error);
  if (self->reply == NULL)
    return NULL;

  if (self->fd < 0
      || g_strlcpy (address.sun_path, socket_path, sizeof address.sun_path)
             >= sizeof address.sun_path
      || connect (self->fd, (struct sockaddr *) &address, sizeof address) != 0)
    {
      set_lost (self, error, "no connection");
      return NULL;
    }
  return greet (self, loopback, cancellable, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * spare_agent_session_free:
 * @self: (transfer full): a connection
 *
 * Hangs up and wipes what it received.
 */
void
spare_agent_session_free (SpareAgentSession *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_clear_pointer (&self->buffer, spare_secret_unref);
  g_clear_pointer (&self->reply, spare_secret_unref);
  g_free (self);
}

/**
 * spare_agent_session_set_passphrase_func:
 * @self: a connection
 * @func: (nullable): finds the passphrase when the agent asks
 * @user_data: for @func
 */
void
spare_agent_session_set_passphrase_func (SpareAgentSession *self,
                                         SpareAgentSessionPassphraseFunc func,
                                         gpointer user_data)
{
  self->passphrase_func = func;
  self->passphrase_data = user_data;
}

/**
 * spare_agent_session_is_lost:
 * @self: a connection
 *
 * Returns: whether the connection is of no more use: a new one may be
 */
gboolean
spare_agent_session_is_lost (SpareAgentSession *self)
{
  return self->lost;
}

/* "(5:valueN:…)", with anything behind it: the N octets. */
static SpareSecret *
parse_value (const guint8 *reply, gsize length, GError **error)
{
  static const char start[] = "(5:value";
  gsize position = sizeof start - 1, n = 0;

  if (length > position && memcmp (reply, start, position) == 0)
    {
      while (position < length && g_ascii_isdigit (reply[position]) && n <= REPLY_OCTETS)
        n = n * 10 + (gsize) (reply[position++] - '0');
      if (position < length && reply[position] == ':' && n > 0 && n < length - position)
        return spare_secret_new_copy (reply + position + 1, n, error);
    }

  g_debug ("agent: %" G_GSIZE_FORMAT " octets are no value", length);
  g_set_error (error, SPARE_ERROR, SPARE_ERROR_ENGINE,
               _ ("GnuPG gave an answer that makes no sense. Nothing was changed."));
  return NULL;
}

/**
 * spare_agent_session_decrypt:
 * @self: a connection
 * @keygrip: the secret key, 40 hex digits
 * @ciphertext: what to decrypt, a canonical S-expression
 * @cancellable: (nullable): ends the request, and the connection with it
 * @refusal: (out): 0, or the agent's reason when it answered with one; then @error is not set
 * @error: return location for an error
 *
 * Errors: what the passphrase function set; %G_IO_ERROR_CANCELLED; %SPARE_ERROR_ENGINE when the agent does not
 * answer.
 *
 * Returns: (transfer full) (nullable): the value: for ECDH the shared point as the agent writes it
 */
SpareSecret *
spare_agent_session_decrypt (SpareAgentSession *self,
                             const char *keygrip,
                             GBytes *ciphertext,
                             GCancellable *cancellable,
                             gpgme_error_t *refusal,
                             GError **error)
{
  g_autofree char *set_key = g_strconcat ("SETKEY ", keygrip, NULL);
  SpareSecret *value = NULL;
  Request request;

  request_begin (&request, cancellable);
  request.ciphertext = ciphertext;
  self->n_value = 0;
  if (transact (self, &request, set_key, error)
      && transact (self, &request, "PKDECRYPT", error))
    value = parse_value (self->value, self->n_value, error);
  request_end (&request);
  spare_secret_wipe (self->value, self->n_value);
  self->n_value = 0;

  *refusal = request.refusal;
  return value;
}

/**
 * spare_agent_session_change_passphrase:
 * @self: a connection that was made with loopback
 * @keygrip: the secret key, 40 hex digits
 * @before: its passphrase
 * @after: (nullable): its passphrase from now on; %NULL: only whether @before is its passphrase is found out
 * @cancellable: (nullable): ends the request, and the connection with it
 * @refusal: (out): 0, or the agent's reason when it answered with one; then @error is not set
 * @error: return location for an error
 *
 * One part of a key (PASSWD); gpg's own way wants all parts to be there.
 *
 * Returns: whether it was changed, or fits
 */
gboolean
spare_agent_session_change_passphrase (SpareAgentSession *self,
                                       const char *keygrip,
                                       SpareSecret *before,
                                       SpareSecret *after,
                                       GCancellable *cancellable,
                                       gpgme_error_t *refusal,
                                       GError **error)
{
  g_autofree char *command = g_strconcat (after != NULL ? "PASSWD " : "PASSWD --verify ",
                                          keygrip, NULL);
  Request request;
  gboolean changed;

  request_begin (&request, cancellable);
  request.passphrase = before;
  request.new_passphrase = after;
  self->n_value = 0;
  changed = transact (self, &request, command, error);
  request_end (&request);

  *refusal = request.refusal;
  return changed;
}

/* A text for one word of a command: the protocol's percent-plus escape. */
static void
append_escaped (GString *command, const char *text)
{
  g_string_append_c (command, ' ');
  for (; *text != '\0'; text++)
    if (*text == ' ')
      g_string_append_c (command, '+');
    else if (*text == '+' || *text == '%' || (guchar) *text < 0x20)
      g_string_append_printf (command, "%%%02X", (guint) (guchar) *text);
    else
      g_string_append_c (command, *text);
}

/**
 * spare_agent_session_ask:
 * @self: a connection that was made without loopback
 * @prompt: what stands before the entry, UTF-8
 * @description: the sentence above it, UTF-8
 * @is_new: it is one that nobody knows yet: asked for twice
 * @cancellable: (nullable): ends the request, and the connection with it
 * @refusal: (out): 0, or the agent's reason when it answered with one; then @error is not set
 * @error: return location for an error
 *
 * Has the agent's pinentry ask for a passphrase, which no cache keeps (GET_PASSPHRASE).
 *
 * Returns: (transfer full) (nullable): what was typed
 */
SpareSecret *
spare_agent_session_ask (SpareAgentSession *self,
                         const char *prompt,
                         const char *description,
                         gboolean is_new,
                         GCancellable *cancellable,
                         gpgme_error_t *refusal,
                         GError **error)
{
  g_autoptr (GString) command = g_string_new ("GET_PASSPHRASE --data");
  SpareSecret *value = NULL;
  Request request;

  g_string_append (command, is_new ? " --repeat=1 X X" : " X X");
  append_escaped (command, prompt);
  append_escaped (command, description);
  request_begin (&request, cancellable);
  self->n_value = 0;
  if (transact (self, &request, command->str, error))
    value = spare_secret_new_copy (self->value, self->n_value, error);
  request_end (&request);
  spare_secret_wipe (self->value, self->n_value);
  self->n_value = 0;

  *refusal = request.refusal;
  return value;
}
