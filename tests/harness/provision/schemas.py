"""Databases as Wacrm and its forks have them, small, with two tenants of somebody else in each."""

from __future__ import annotations

COMMON = """
CREATE TABLE accounts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL,
  owner_user_id {user} NOT NULL UNIQUE REFERENCES {users}(id) ON DELETE RESTRICT,
  default_currency text NOT NULL DEFAULT 'USD', created_at timestamptz NOT NULL DEFAULT now(){accounts});
CREATE TABLE profiles (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id {user} NOT NULL UNIQUE REFERENCES {users}(id) ON DELETE CASCADE,
  full_name text NOT NULL, email text NOT NULL,
  account_id uuid NOT NULL REFERENCES accounts(id) ON DELETE RESTRICT, account_role text NOT NULL DEFAULT 'owner');
CREATE TABLE api_keys (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id uuid NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
  created_by {user} REFERENCES {users}(id) ON DELETE SET NULL, name text NOT NULL, key_prefix text NOT NULL,
  key_hash text NOT NULL UNIQUE, scopes text[] NOT NULL DEFAULT '{{}}', last_used_at timestamptz, expires_at timestamptz,
  revoked_at timestamptz, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE whatsapp_config (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id {user} NOT NULL REFERENCES {users}(id) ON DELETE CASCADE,
  account_id uuid NOT NULL REFERENCES accounts(id) ON DELETE CASCADE, phone_number_id text NOT NULL, waba_id text,
  access_token text NOT NULL, verify_token text,
  status text NOT NULL DEFAULT 'disconnected' CHECK (status IN ('connected', 'disconnected')),
  connected_at timestamptz, registered_at timestamptz, subscribed_apps_at timestamptz{whatsapp});
CREATE TABLE message_templates (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id {user} NOT NULL REFERENCES {users}(id) ON DELETE CASCADE,
  account_id uuid NOT NULL REFERENCES accounts(id) ON DELETE CASCADE, name text NOT NULL,
  category text NOT NULL CHECK (category IN ('Marketing', 'Utility', 'Authentication')), language text DEFAULT 'en_US',
  header_type text CHECK (header_type IN ('text', 'image', 'video', 'document')), header_content text,
  body_text text NOT NULL, footer_text text, buttons jsonb, status text NOT NULL, UNIQUE (account_id, name, language));
CREATE TABLE contacts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id uuid NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
  user_id {user} NOT NULL REFERENCES {users}(id) ON DELETE CASCADE, phone text NOT NULL, name text,
  phone_normalized text GENERATED ALWAYS AS (regexp_replace(phone, '\\D', '', 'g')) STORED, UNIQUE (account_id, phone_normalized));
CREATE TABLE tags (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id uuid NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
  name text NOT NULL);
CREATE TABLE contact_tags (
  contact_id uuid NOT NULL REFERENCES contacts(id) ON DELETE CASCADE, tag_id uuid NOT NULL REFERENCES tags(id) ON DELETE CASCADE,
  PRIMARY KEY (contact_id, tag_id));
CREATE TABLE conversations (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id uuid NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
  contact_id uuid NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  assigned_agent_id {user} REFERENCES {users}(id) ON DELETE SET NULL);
CREATE TABLE messages (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), conversation_id uuid NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  sender_id {user} REFERENCES {users}(id) ON DELETE SET NULL, reply_to uuid REFERENCES messages(id), content_text text);
CREATE TABLE broadcasts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id uuid NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
  name text NOT NULL);
CREATE TABLE broadcast_recipients (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), broadcast_id uuid NOT NULL REFERENCES broadcasts(id) ON DELETE CASCADE,
  contact_id uuid NOT NULL REFERENCES contacts(id));
CREATE TABLE webhook_endpoints (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id uuid NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
  url text NOT NULL);
CREATE TABLE plans (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO plans VALUES (1, 'free');
"""
SUPABASE_USERS = """
CREATE SCHEMA auth;
CREATE TABLE auth.users (
  id uuid PRIMARY KEY, email text UNIQUE, raw_user_meta_data jsonb, is_sso_user boolean NOT NULL DEFAULT false,
  confirmation_token text, recovery_token text);
CREATE TABLE auth.identities (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE);
"""
SUPABASE_TENANTS = """
CREATE FUNCTION handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE account uuid;
BEGIN
  INSERT INTO public.accounts (name, owner_user_id)
  VALUES (coalesce(NEW.raw_user_meta_data->>'full_name', NEW.email) || '''s account', NEW.id) RETURNING id INTO account;
  INSERT INTO public.profiles (user_id, full_name, email, account_id, account_role)
  VALUES (NEW.id, coalesce(NEW.raw_user_meta_data->>'full_name', ''), NEW.email, account, 'owner');
  RETURN NEW;
END $$;
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION handle_new_user();
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
INSERT INTO auth.users VALUES
  ('11111111-0000-4000-8000-000000000001', 'ada@example.test', '{"full_name": "Ada"}'),
  ('11111111-0000-4000-8000-000000000002', 'bob@example.test', '{"full_name": "Bob"}');
INSERT INTO auth.identities (user_id) SELECT id FROM auth.users;
"""
PLAIN_USERS = """
CREATE TABLE "user" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, email_verified boolean NOT NULL,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE "account" (id text PRIMARY KEY, account_id text NOT NULL,
  user_id text NOT NULL REFERENCES "user"(id) ON DELETE CASCADE);
"""
PLAIN_TENANTS = """
CREATE UNIQUE INDEX one_default ON whatsapp_config (account_id) WHERE is_default;
INSERT INTO "user" VALUES
  ('ada0', 'Ada', 'ada@example.test', true, now(), now()), ('bob0', 'Bob', 'bob@example.test', true, now(), now());
INSERT INTO "account" SELECT 'credential-' || id, id, id FROM "user";
INSERT INTO accounts (name, owner_user_id) SELECT name, id FROM "user";
INSERT INTO profiles (user_id, full_name, email, account_id)
  SELECT u.id, u.name, u.email, a.id FROM "user" u JOIN accounts a ON a.owner_user_id = u.id;
"""
DATA = """
INSERT INTO contacts (account_id, user_id, phone, name)
  SELECT id, owner_user_id, '+1555010' || n, 'Contact ' || n FROM accounts, generate_series(1000, 1019) n {where};
INSERT INTO tags (account_id, name) SELECT id, 'vip' FROM accounts {where};
INSERT INTO contact_tags SELECT c.id, t.id FROM contacts c JOIN tags t USING (account_id)
  JOIN accounts a ON a.id = account_id {where_a};
INSERT INTO conversations (account_id, contact_id)
  SELECT account_id, c.id FROM contacts c JOIN accounts a ON a.id = account_id {where_a};
INSERT INTO messages (conversation_id, sender_id, content_text)
  SELECT c.id, CASE WHEN n = 1 THEN a.owner_user_id END, 'Hello; it''s ' || n
  FROM conversations c JOIN accounts a ON a.id = account_id, generate_series(1, 2) n {where_a};
INSERT INTO broadcasts (account_id, name) SELECT id, 'News' FROM accounts {where};
INSERT INTO broadcast_recipients (broadcast_id, contact_id)
  SELECT b.id, c.id FROM broadcasts b JOIN contacts c USING (account_id) JOIN accounts a ON a.id = account_id {where_a};
INSERT INTO webhook_endpoints (account_id, url) SELECT id, 'https://hooks.example.test' FROM accounts {where};
"""
"""What an API makes in accounts: `{where}` and `{where_a}` choose them."""
EVERYBODY = DATA.format(where="", where_a="")
HARNESS = DATA.format(where="WHERE name LIKE 'wacrm-harness%'", where_a="WHERE a.name LIKE 'wacrm-harness%'")
"""What a run leaves behind in the harness's accounts."""
OWN_KEYS = """
INSERT INTO api_keys (account_id, created_by, name, key_prefix, key_hash, scopes)
  SELECT id, owner_user_id, 'mine', 'wacrm_live_mine', md5(id::text), '{contacts:read}' FROM accounts;
"""
FOR_SUPABASE = {
    "user": "uuid", "users": "auth.users", "accounts": "", "whatsapp": ", UNIQUE (account_id), UNIQUE (phone_number_id)",
}  # fmt: skip
FOR_PLAIN = {
    "user": "text", "users": '"user"', "accounts": ", allow_api boolean NOT NULL DEFAULT false",
    "whatsapp": ", is_default boolean NOT NULL DEFAULT false, UNIQUE (account_id, phone_number_id)",
}  # fmt: skip
SCHEMAS = {
    "supabase": "".join([SUPABASE_USERS, COMMON.format(**FOR_SUPABASE), SUPABASE_TENANTS, EVERYBODY, OWN_KEYS]),
    "plain": "".join([PLAIN_USERS, COMMON.format(**FOR_PLAIN), PLAIN_TENANTS, EVERYBODY, OWN_KEYS]),
}
