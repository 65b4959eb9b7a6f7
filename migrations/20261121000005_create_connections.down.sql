DROP TABLE ws_tickets;
DROP TABLE active_connections;
DROP SEQUENCE connection_generations;
