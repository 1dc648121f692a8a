/* Names of columns: usual words in English, German, French, Spanish, Italian,
 * Portuguese, Dutch, Polish, Czech, Swedish, Danish, Norwegian and Russian, and
 * those of Google Contacts and Outlook (also in German, French and Spanish). */
#include "mapping_words.h"

const struct mapping_words mapping_words[] = {
    { SUPPLIER_NAME, 0, 0,
      " supplier suppliername vendor vendorname company companyname"
      " organization organisation organizationname organisationname"
      " organization1name business businessname firm"
      " lieferant lieferantenname firma firmenname unternehmen"
      " fournisseur nomdufournisseur societe entreprise raisonsociale"
      " organisme compagnie"
      " proveedor nombredelproveedor empresa razonsocial organizacion compania"
      " fornitore nomefornitore azienda ragionesociale societa ditta"
      " fornecedor nomedofornecedor"
      " leverancier bedrijf bedrijfsnaam"
      " dostawca nazwadostawcy nazwafirmy"
      " dodavatel nazevfirmy spolecnost"
      " leverantor foretag leverandor virksomhed virksomhet firmanavn"
      " \u043f\u043e\u0441\u0442\u0430\u0432\u0449\u0438\u043a"
      " \u043a\u043e\u043c\u043f\u0430\u043d\u0438\u044f"
      " \u043e\u0440\u0433\u0430\u043d\u0438\u0437\u0430\u0446\u0438\u044f " },
    { SUPPLIER_NAME, 1, 0,
      " name fullname displayname fileas nom nomcomplet nombre nombrecompleto"
      " nome nomecompleto naam nazwa nazev jmeno namn navn vollstandigername"
      " anzeigename bezeichnung"
      " \u043d\u0430\u0437\u0432\u0430\u043d\u0438\u0435"
      " \u0438\u043c\u044f " },
    { SUPPLIER_NAME, 2, 0,
      " firstname givenname vorname prenom imie fornamn fornavn voornaam"
      " krestnijmeno primeironome " },
    { SUPPLIER_NAME, 2, 1, " middlename additionalname zweitername " },
    { SUPPLIER_NAME, 2, 2,
      " lastname familyname surname nachname familienname nomdefamille apellido"
      " apellidos cognome sobrenome achternaam nazwisko prijmeni efternamn"
      " etternavn efternavn " },

    { SUPPLIER_ADDRESS, 0, 0,
      " address streetaddress street address1 addressline1 street1"
      " businessstreet businessaddress businessaddressstreet workstreet"
      " address1street"
      " adresse anschrift strasse strasseundhausnummer strassehausnummer"
      " strassenr strasseundnr strassegeschaftlich"
      " rue adressepostale ruebureau"
      " direccion calle domicilio calledeltrabajo"
      " indirizzo via"
      " endereco rua morada logradouro"
      " adres straat straatennummer"
      " ulica adresulica"
      " adresa"
      " adress gatuadress gata gade vej gateadresse vejadresse"
      " \u0430\u0434\u0440\u0435\u0441"
      " \u0443\u043b\u0438\u0446\u0430 " },
    { SUPPLIER_ADDRESS, 0, 1,
      " address2 addressline2 street2 businessstreet2 address1extendedaddress"
      " adresszusatz adresse2 complementdadresse direccion2 indirizzo2 adres2"
      " strassegeschaftlich2 ruebureau2 calledeltrabajo2 " },
    { SUPPLIER_ADDRESS, 0, 2,
      " address3 addressline3 street3 businessstreet3 strassegeschaftlich3"
      " ruebureau3 calledeltrabajo3 " },
    { SUPPLIER_ADDRESS, 0, 3,
      " pobox businesspobox businessaddresspobox address1pobox postfach"
      " boitepostale apartadodecorreos " },
    { SUPPLIER_ADDRESS, 0, 4,
      " zip zipcode postalcode postcode businesspostalcode"
      " businessaddresspostalcode address1postalcode"
      " plz postleitzahl postleitzahlgeschaftlich"
      " codepostal cp codepostalbureau"
      " codigopostal codigopostaldeltrabajo"
      " cap codicepostale cep kodpocztowy psc postnummer postnr"
      " \u0438\u043d\u0434\u0435\u043a\u0441 " },
    { SUPPLIER_ADDRESS, 1, 0,
      " homestreet homeaddress strasseprivat ruedomicile calleparticular " },
    { SUPPLIER_ADDRESS, 1, 1, " homestreet2 " },
    { SUPPLIER_ADDRESS, 1, 2, " homestreet3 " },
    { SUPPLIER_ADDRESS, 1, 3, " homepobox " },
    { SUPPLIER_ADDRESS, 1, 4,
      " homepostalcode postleitzahlprivat codepostaldomicile " },

    { SUPPLIER_CITY, 0, 0,
      " city town cityregion businesscity businessaddresscity workcity"
      " address1city locality"
      " ort stadt ortgeschaftlich wohnort"
      " ville localite commune villebureau"
      " ciudad localidad poblacion municipio ciudaddeltrabajo"
      " citta comune localita"
      " cidade plaats stad woonplaats miasto miejscowosc mesto obec"
      " postort by poststed"
      " \u0433\u043e\u0440\u043e\u0434 " },
    { SUPPLIER_CITY, 1, 0,
      " homecity ortprivat villedomicile ciudadparticular " },

    { SUPPLIER_STATE, 0, 0,
      " state province region county stateprovince stateregion provinceregion"
      " stateprovinceregion businessstate businessaddressstate address1region"
      " bundesland kanton regiongeschaftlich bundeslandkantongeschaftlich"
      " departement etat depregion depregionbureau etatprovince"
      " estado provincia estadoprovincia comunidadautonoma"
      " estadooprovinciadeltrabajo provinciaoestadodeltrabajo"
      " regione provinciaregione uf distrito provincie wojewodztwo"
      " lan fylke"
      " \u043e\u0431\u043b\u0430\u0441\u0442\u044c"
      " \u0440\u0435\u0433\u0438\u043e\u043d " },
    { SUPPLIER_STATE, 1, 0, " homestate regionprivat depregiondomicile " },

    { SUPPLIER_COUNTRY, 0, 0,
      " country countryregion businesscountryregion businesscountry"
      " businessaddresscountry address1country nation"
      " land landregion landregiongeschaftlich staat"
      " pays paysregion paysregionbureau"
      " pais paisregion paisoregiondeltrabajo paisregiondeltrabajo"
      " paese nazione stato kraj panstwo zeme"
      " \u0441\u0442\u0440\u0430\u043d\u0430 " },
    { SUPPLIER_COUNTRY, 1, 0,
      " homecountryregion homecountry landregionprivat paysregiondomicile " },

    { SUPPLIER_EMAIL, 0, 0,
      " email emailaddress mail email1 emailaddress1 email1value"
      " email1address primaryemail businessemail workemail contactemail"
      " emailadresse mailadresse"
      " adresseemail adressemail adressedemessagerie courriel"
      " adresseelectronique"
      " correo correoelectronico direcciondecorreoelectronico"
      " indirizzoemail postaelettronica"
      " enderecodeemail correioeletronico"
      " emailadres adresemail adrespocztyelektronicznej"
      " emailovaadresa epost epostadress epostadresse"
      " \u043f\u043e\u0447\u0442\u0430"
      " \u044d\u043b\u0435\u043a\u0442\u0440\u043e\u043d\u043d\u0430\u044f"
      "\u043f\u043e\u0447\u0442\u0430 " },
    { SUPPLIER_EMAIL, 1, 0,
      " email2 email2address emailaddress2 email2value homeemail " },

    { SUPPLIER_PHONE, 0, 0,
      " phone phonenumber telephone telephonenumber tel phone1 phone1value"
      " businessphone businesstelephone workphone primaryphone companyphone"
      " telefon telefonnummer telefonnr rufnummer telefongeschaftlich"
      " numerodetelephone telephonebureau"
      " telefono numerodetelefono telefonodeltrabajo"
      " numeroditelefono telefone numerodetelefone"
      " telefoon telefoonnummer numertelefonu"
      " telefonnicislo telefonicislo tlf tlfnr"
      " \u0442\u0435\u043b\u0435\u0444\u043e\u043d " },
    { SUPPLIER_PHONE, 1, 0,
      " companymainphone businessphone2 phone2"
      " phone2value hauptnummer " },
    { SUPPLIER_PHONE, 2, 0,
      " mobile mobilephone cell cellphone mobiltelefon handy mobil portable"
      " telephonemobile telmobile movil telefonomovil cellulare celular"
      " telemovel mobiel komorka telefonkomorkowy " },
    { SUPPLIER_PHONE, 3, 0, " homephone telefonprivat telephonedomicile " },

    { SUPPLIER_WEBSITE, 0, 0,
      " website web webpage url homepage www internet site website1value"
      " webaddress"
      " webseite webadresse internetseite internetadresse"
      " siteweb siteinternet pageweb"
      " sitioweb paginaweb pagina"
      " sitoweb sito sitointernet"
      " stronainternetowa stronawww webovastranka"
      " hemsida webbplats webbsida hjemmeside nettsted webside"
      " \u0441\u0430\u0439\u0442 " },

    { SUPPLIER_NOTES, 0, 0,
      " notes note comment comments remark remarks description"
      " notizen notiz bemerkung bemerkungen anmerkung anmerkungen kommentar"
      " kommentare hinweise"
      " remarque remarques commentaire commentaires"
      " notas nota observaciones comentario comentarios"
      " osservazioni commento commenti"
      " observacoes opmerking opmerkingen uwagi notatki komentarz poznamka"
      " poznamky anteckning anteckningar notater merknad merknader"
      " bemaerkninger"
      " \u043f\u0440\u0438\u043c\u0435\u0447\u0430\u043d\u0438\u0435"
      " \u043f\u0440\u0438\u043c\u0435\u0447\u0430\u043d\u0438\u044f " },
};

const size_t mapping_words_count = sizeof(mapping_words) /
                                   sizeof(mapping_words[0]);
