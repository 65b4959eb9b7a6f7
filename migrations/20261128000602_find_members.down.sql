DROP TRIGGER keep_memberships ON principals;
DROP FUNCTION keep_memberships();
DROP TABLE principal_memberships;
