// The list of suppliers with net/http, database/sql and html/template.
//
// The pool is as the section "Important settings" of go-sql-driver/mysql's
// README has it: connections end before the server ends them, and as many
// may be idle as open. Statements are prepared once, templates parsed once
// (package documentation of both), and the server has deadlines.
package main

import (
	"bytes"
	"database/sql"
	"html/template"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

const list = `SELECT id, name, address, city, state, country, email, phone
	FROM suppliers ORDER BY name LIMIT 50`

type supplier struct {
	ID                                                int64
	Name, Address, City, State, Country, Email, Phone string
}

func (s supplier) Digits() string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s.Phone)
}

type directory struct {
	list *sql.Stmt
	page *template.Template
}

func (d *directory) suppliers(r *http.Request) ([]supplier, error) {
	rows, err := d.list.QueryContext(r.Context())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make([]supplier, 0, 50)
	for rows.Next() {
		var s supplier
		if err := rows.Scan(&s.ID, &s.Name, &s.Address, &s.City, &s.State,
			&s.Country, &s.Email, &s.Phone); err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	return found, rows.Err()
}

func (d *directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var page bytes.Buffer

	found, err := d.suppliers(r)
	if err == nil {
		err = d.page.Execute(&page, struct {
			Q         string
			Suppliers []supplier
		}{"", found})
	}
	if err != nil {
		log.Print(err)
		http.Error(w, "The directory is not available.", 500)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(page.Bytes())
}

func open() (*sql.DB, error) {
	config := mysql.NewConfig()
	config.Net = "unix"
	config.Addr = os.Getenv("APP_DB_SOCKET")
	config.User = os.Getenv("APP_DB_USER")
	config.Passwd = os.Getenv("APP_DB_PASSWORD")
	config.DBName = "COFFEE"
	db, err := sql.Open("mysql", config.FormatDSN())
	if err == nil {
		db.SetConnMaxLifetime(3 * time.Minute)
		db.SetMaxOpenConns(10)
		db.SetMaxIdleConns(10)
	}
	return db, err
}

func main() {
	db, err := open()
	if err != nil {
		log.Fatal(err)
	}
	statement, err := db.Prepare(list)
	if err != nil {
		log.Fatal(err)
	}
	page, err := template.ParseFiles(os.Getenv("APP_TEMPLATE"))
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/suppliers", &directory{statement, page})
	server := &http.Server{
		Addr:              "127.0.0.1:" + os.Getenv("APP_PORT"),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}
