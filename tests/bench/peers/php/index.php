<?php
// The list of suppliers. The connection persists from one request to the next
// (php.net, "Persistent Database Connections").
declare(strict_types=1);

const SUPPLIERS = 'SELECT id, name, address, city, state, country, email, phone
    FROM suppliers ORDER BY name LIMIT 50';

function digits(string $phone): string
{
    return preg_replace('/[^+0-9]/', '', $phone);
}

$database = new PDO(
    'mysql:unix_socket=' . $_SERVER['APP_DB_SOCKET'] .
        ';dbname=COFFEE;charset=utf8mb4',
    $_SERVER['APP_DB_USER'],
    $_SERVER['APP_DB_PASSWORD'],
    [PDO::ATTR_PERSISTENT => true]
);
$suppliers = $database->query(SUPPLIERS)->fetchAll(PDO::FETCH_ASSOC);
$q = '';
header('Content-Type: text/html; charset=utf-8');
require __DIR__ . '/list.php';
